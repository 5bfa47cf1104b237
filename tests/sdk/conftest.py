"""Every test runs against both deployments; a deployment is started once a session."""

import importlib.metadata
import importlib.util
import pathlib

import openai
import pytest
from langfuse import Langfuse
from langfuse._client.resource_manager import LangfuseResourceManager
from opentelemetry.sdk.trace import TracerProvider

import deployment
from provider import Provider

# Each SDK generation gets the tests of what it can do.
GENERATION_4 = importlib.metadata.version("langfuse").startswith("4.")
# And what is not of an SDK of Langfuse's is tested once, beside what it needs.
INSTRUMENTATION = importlib.util.find_spec("litellm") is not None
if INSTRUMENTATION:
    tests = pathlib.Path(__file__).parent.glob("test_*.py")
    collect_ignore = [test.name for test in tests if test.name != "test_instrumentation.py"]
elif GENERATION_4:
    collect_ignore = ["test_instrumentation.py", "test_js_traces.py"]
else:
    collect_ignore = ["test_instrumentation.py"]
    collect_ignore_glob = ["test_*_generation4.py"]

KINDS = {"embedded": deployment.embedded, "distributed": deployment.distributed}


@pytest.fixture(scope="session", params=KINDS)
def kaname(request):
    with Provider() as provider, KINDS[request.param](provider) as running:
        yield running


@pytest.fixture
def provider(kaname):
    """The local model provider, with nothing recorded yet."""
    kaname.provider.reset()
    return kaname.provider


@pytest.fixture(scope="session")
def langfuse(kaname):
    """Langfuse's client. The SDK keeps one for each public key, so it is forgotten with its deployment."""
    yield Langfuse(
        public_key=kaname.public_key,
        secret_key=kaname.secret_key,
        base_url=kaname.url,
        tracer_provider=TracerProvider(),  # of its own: the global one would outlive its deployment
    )
    LangfuseResourceManager.reset()


@pytest.fixture
def client(kaname):
    """OpenAI's client, pointed at Kaname."""
    with openai.OpenAI(base_url=f"{kaname.url}/v1", api_key=kaname.secret_key, max_retries=0) as client:
        yield client
