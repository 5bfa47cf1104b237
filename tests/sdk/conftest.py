"""Every test runs against both deployments; a deployment is started once a session."""

import pytest

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
