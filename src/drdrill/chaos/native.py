"""Actions for databases that the bank replicates by itself."""

from drdrill.chaos.activity import action, open_scene
from drdrill.runbooks.native import fail_over_natively, finish_native_switchover, switch_over_natively

__all__ = ["finish_native_switch", "promote_native_standby", "switch_over_native_pair"]


@action
def promote_native_standby(accept_loss: bool = False, limit_s: float = 60.0) -> str:
    """Fence the old primary where it answers, and promote the standby; refused without a proved fence unless loss is accepted."""
    return fail_over_natively(open_scene(), accept_loss=accept_loss, limit_s=limit_s)


@action
def switch_over_native_pair(limit_s: float = 60.0) -> str:
    """Fence the primary, let the standby have everything, promote it; a plan names this disaster ``planned-switchover``."""
    return switch_over_natively(open_scene(), limit_s=limit_s)


@action
def finish_native_switch(limit_s: float = 60.0) -> str:
    """Let the old primary follow the new one: only then is a planned switchover over."""
    return finish_native_switchover(open_scene(), limit_s=limit_s)
