"""Every test runs against both deployments; a deployment is started once a session."""

import importlib.metadata
import importlib.util
import pathlib

import pytest

import deployment
from provider import Provider


def installed(package):
    return importlib.util.find_spec(package) is not None


# Which generation of Langfuse's SDK is here, if it is.
GENERATION_4 = installed("langfuse") and importlib.metadata.version("langfuse").startswith("4.")
# What is not of an SDK of Langfuse's is tested once, beside what it needs.
OF_VENDORS = {"test_anthropic.py", "test_golden_shapes.py", "test_openai.py"}
OF_INSTRUMENTATION = {"test_instrumentation.py"}
OF_DOCUMENTS = {"test_documents.py"}
ALL = {test.name for test in pathlib.Path(__file__).parent.glob("test_*.py")}
VENDORS, DOCUMENTS = installed("anthropic"), installed("reportlab")
if VENDORS:
    collect_ignore = ALL - OF_VENDORS
elif DOCUMENTS:
    collect_ignore = ALL - OF_DOCUMENTS
elif installed("litellm"):
    collect_ignore = ALL - OF_INSTRUMENTATION
else:
    # Each SDK generation gets the tests of what it can do.
    of_4 = {test for test in ALL if test.endswith("_generation4.py")}
    of_the_other = {"test_js_traces.py"} if GENERATION_4 else of_4
    collect_ignore = OF_VENDORS | OF_INSTRUMENTATION | OF_DOCUMENTS | of_the_other

KINDS = {"embedded": deployment.embedded, "distributed": deployment.distributed}


@pytest.fixture(scope="session", params=KINDS)
def kaname(request):
    if VENDORS:
        from vendors.server import Vendors as LocalProvider
    elif DOCUMENTS:
        from inventing import Inventor as LocalProvider
    else:
        LocalProvider = Provider
    with LocalProvider() as provider, KINDS[request.param](provider) as running:
        yield running


@pytest.fixture
def provider(kaname):
    """The local model provider, with nothing recorded yet."""
    kaname.provider.reset()
    return kaname.provider


@pytest.fixture(scope="session")
def langfuse(kaname):
    """Langfuse's client. The SDK keeps one for each public key, so it is forgotten with its deployment."""
    from langfuse import Langfuse
    from langfuse._client.resource_manager import LangfuseResourceManager
    from opentelemetry.sdk.trace import TracerProvider

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
    import openai

    with openai.OpenAI(base_url=f"{kaname.url}/v1", api_key=kaname.secret_key, max_retries=0) as client:
        yield client
