"""Every test runs against both deployments; a deployment is started once a session."""

import pytest
from langfuse import Langfuse
from langfuse._client.resource_manager import LangfuseResourceManager

import deployment
from provider import Provider

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
    yield Langfuse(public_key=kaname.public_key, secret_key=kaname.secret_key, base_url=kaname.url)
    LangfuseResourceManager.reset()
