"""The tier that litellm's complexity router gives each text; runs in litellm's environment and knows nothing of ours.

Reads {"routers": {name: complexity_router_config}, "items": {id: text}} from standard input, writes {name: {id: tier}}.
No model is called: the deployments behind the router do not exist.
"""

import asyncio
import json
import sys

from litellm import Router

TIERS = ("SIMPLE", "MEDIUM", "COMPLEX", "REASONING")
NOBODY = {"model": "openai/nobody", "api_key": "none", "api_base": "http://127.0.0.1:9"}


def router_of(configs: dict[str, dict[str, object]]) -> Router:
    deployments = [{"model_name": tier, "litellm_params": NOBODY} for tier in TIERS]
    routers = [
        {
            "model_name": name,
            "litellm_params": {
                "model": "auto_router/complexity_router",
                "complexity_router_config": {"tiers": {tier: tier for tier in TIERS}, **config},
            },
        }
        for name, config in configs.items()
    ]
    return Router(model_list=[*deployments, *routers])


async def classified(asked: dict[str, dict[str, object]]) -> dict[str, dict[str, str]]:
    routers = router_of(asked["routers"]).complexity_routers
    found: dict[str, dict[str, str]] = {}
    for name in asked["routers"]:
        outcomes = {
            identity: await routers[name][0].strategy.aclassify(text) for identity, text in asked["items"].items()
        }
        found[name] = {identity: outcome.tier.value for identity, outcome in outcomes.items()}
    return found


json.dump(asyncio.run(classified(json.load(sys.stdin))), sys.stdout)
