"""MemScheduler: plans the forms of a request's memories, foresees the next scenes, and makes slots ready for them.

The decisions themselves are pure (`operation.scheduler.decision`), and so are the scenes (`operation.scheduler.scenes`) and the
prediction (`operation.scheduler.predictor`); this module feeds them from the cubes, the slots and the history of recalls.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from memos_cli.errors import MemosError
from memos_cli.infra.governance.labels import Whither
from memos_cli.infra.local.recalls import Recalls
from memos_cli.infra.local.speeds import Speed, Speeds, name_of
from memos_cli.model import Filter, Form, Memory
from memos_cli.operation import models
from memos_cli.operation.policy import passing
from memos_cli.operation.scheduler import decision, scenes
from memos_cli.operation.scheduler.decision import Budgets, Candidate, Costs, Decision, Do, Hot, Plan, SlotStep, Slotted, Why
from memos_cli.operation.scheduler.picture import Picture, drawn
from memos_cli.operation.scheduler.reports import Explained, Likely, Prepared, SceneStanding
from memos_cli.operation.scheduler.scenes import CORE, Scene
from memos_cli.operation.scheduler.slot_supply import COVERED, Kept, SlotSupply, kept_as
from memos_cli.times import from_millis, to_millis

if TYPE_CHECKING:
    from memos_cli.model import Slot
    from memos_cli.operation.operator.operator import MemOperator
    from memos_cli.session import Session

_DAY = 86_400_000
_STAYS = 7
"""Days for which a slot stays after it was made or used, whatever it saves; beyond the quota the oldest slots are removed."""
_WINDOW = 14
"""Days over which recalls and changes are counted."""


class MemScheduler:
    """The scheduler of the cubes in use.

    Args:
        session: who acts, in which home, on which cubes.
        memories: the memories that are scheduled.
        supply: lists, makes and removes slots.
        covered: for each memory that an active adapter knows as it is now, that adapter; `None` for those of this home.
        costs: what the forms cost on this machine; `None` for what was measured.
    """

    def __init__(
        self,
        session: "Session",
        memories: "MemOperator",
        supply: SlotSupply,
        covered: Mapping[str, str] | None = None,
        costs: Costs | None = None,
    ) -> None:
        self._session = session
        self._memories = memories
        self._supply = supply
        self._known = covered
        self._costs = costs

    def _covered(self) -> Mapping[str, str]:
        """The memories that the active adapter knows, read anew each time, since another command may have changed one."""
        if self._known is not None:
            return self._known
        from memos_cli.operation.parametric import active_adapter

        return active_adapter.covered(self._session)

    # -- scenes, and which come next

    def picture(self) -> Picture:
        """The scenes as they are now, and a predictor that has learned their recalls.

        It takes up to a second with thousands of recalls; a caller that asks often keeps the picture.
        """
        return drawn(self._session, self._memories, self.budgets.tokens)

    def likeliest(self, k: int = 1, said: str = "", picture: Picture | None = None) -> tuple[Likely, ...]:
        """The scenes likeliest needed next, the likeliest first: a REPL loads their slots while a person types.

        Args:
            k: how many scenes.
            said: the end of the conversation so far.
            picture: a picture of a moment ago, to save making one.
        """
        seen = picture or self.picture()
        named = seen.named
        cue = tuple(scenes.meaningful(said))
        found = seen.predictor.likeliest(to_millis(self._session.now), k, cue)
        return tuple(Likely(named[name], share) for name, share in found)

    # -- one request

    def kept(self) -> Sequence[Kept]:
        """The slots that can be used now, of the core and of scenes."""
        return self._supply.kept()

    @property
    def budgets(self) -> Budgets:
        """The budgets of the settings: tokens of the context for memories, bytes of KV, adapters in use at a time."""
        settings = self._session.settings
        tokens = settings.get("scheduler.tokens") or settings.get("llm.context") // 2
        return Budgets(tokens, self._supply.quota, settings.get("scheduler.adapters"))

    def costs(self, kept: Sequence[Kept] | None = None, model: Mapping[str, str] | None = None) -> Costs:
        """What the forms cost by the model's last answers; the bytes of KV for a token are those of the existing slots.

        Args:
            kept: the slots, if the caller has them.
            model: the model's identity; `None` for the model of the settings.
        """
        costs = self._costs or self.measured(model)
        slots = self._supply.kept() if kept is None else kept
        tokens = sum(slot.tokens for slot in slots)
        return costs._replace(kv=max(1, sum(slot.bytes for slot in slots) // tokens)) if tokens else costs

    def speed(self, model: Mapping[str, str] | None = None) -> Speed:
        """The speed of a model by its last answers; `None` for the model of the settings."""
        return Speeds(self._session.paths.cache).of(
            name_of(models.identity(self._session.settings, self._session.paths) if model is None else model)
        )

    def measured(self, model: Mapping[str, str] | None = None) -> Costs:
        """The costs of evaluating and restoring in a model's last answers; the defaults where it has given none yet."""
        speed = self.speed(model)
        costs = Costs() if speed.prefill is None else Costs(prefill=speed.prefill)
        return costs if speed.restore is None else costs._replace(restore=speed.restore, overhead=0.0)

    def plan(self, core: Sequence[Memory], found: Sequence[Memory], places: Mapping[str, str] | None = None) -> Plan:
        """Choose the form of each memory that a request needs.

        Args:
            core: the memories that stand in every prompt.
            found: the memories that were found for the request, best first.
            places: the scene of each memory by its id; `None` to know only scenes that have slots, which is faster.
        """
        return self._planned(core, found, self._supply.kept(), places)

    def _planned(
        self,
        core: Sequence[Memory],
        found: Sequence[Memory],
        kept: Sequence[Kept],
        places: Mapping[str, str] | None = None,
        model: Mapping[str, str] | None = None,
        covered: Mapping[str, str] | None = None,
    ) -> Plan:
        if places is None:
            places = {one: slot.scene for slot in kept if slot.scene != CORE for one in slot.ids}
        known = {memory.id for memory in core}
        adapters = self._covered() if covered is None else covered
        may = passing(self._session, Whither.SLOT)
        candidates = [_candidate(one, CORE, adapters, core=True, secret=not may(one)) for one in core]
        others = [one for one in found if one.id not in known]
        candidates += [_candidate(one, places.get(one.id), adapters, core=False, secret=not may(one)) for one in others]
        slots = {slot.scene: Slotted(slot.tokens, slot.bytes, frozenset(slot.ids)) for slot in kept}
        budgets = self.budgets._replace(
            kv_bytes=self._supply.limit
        )  # the slots may be of a model that the settings do not choose
        return decision.decide(candidates, slots, budgets, self.costs(kept, model))

    def topics(self, core: Sequence[Memory], found: Sequence[Memory], slots: "Iterable[Slot] | None" = None) -> tuple[str, ...]:
        """The memories of the scene with whose slot a request's prompt is to begin; none where it begins without a slot.

        The decision is recorded for `scheduler status` and `scheduler explain`: ids and codes, no text.

        Args:
            core: the memories that stand in every prompt.
            found: the memories that were found for the request, best first.
            slots: the slots that are ready for the model to be asked; `None` for those of the model of the settings.
        """
        given = None if slots is None else [slot for slot in slots if slot.covers in COVERED]
        kept = self._supply.kept() if given is None else [kept_as(slot) for slot in given]
        if not kept:
            return ()
        made = self._planned(core, found, kept, model=given[0].identity if given else None)
        self._note(made, {memory.id: memory.cube for memory in (*core, *found)})
        known = {memory.id for memory in core}
        chosen = next((slot for slot in kept if slot.scene == made.slot and made.slot != CORE), None)
        return tuple(one for one in chosen.ids if one not in known) if chosen else ()

    def by_heart(self, core: Sequence[Memory], found: Sequence[Memory]) -> frozenset[str]:
        """The ids of the found memories that the active adapter is to answer, so that they need no room in the prompt.

        The decision is recorded, as by `topics`.
        """
        covered = self._covered()
        if covered.keys().isdisjoint(memory.id for memory in found):
            return frozenset()
        made = self._planned(core, found, self._supply.kept(), covered=covered)
        self._note(made, {memory.id: memory.cube for memory in (*core, *found)})
        return frozenset(one.id for one in made.decisions if one.form is Form.PARAMETRIC)

    def _note(self, made: Plan, cubes: Mapping[str, str]) -> None:
        for vault in filter(self._session.owns, self._session.vaults()):
            forms = {
                one.id: [one.form.value if one.form else None, one.why.value, one.tokens]
                for one in made.decisions
                if cubes[one.id] == vault.name
            }
            if forms:
                noted = {"forms": forms, "tokens": made.tokens, "kv_bytes": made.kv_bytes, "saved": round(made.saved, 4)}
                Recalls(vault.folder).decide(self._session.now, noted)

    def explain(self, request: str) -> Explained:
        """The plan for a request, which is not recorded."""
        from memos_cli.operation.operator.recall import Recall as Recalling

        recalled = Recalling(self._session, self._memories, self._session.principal, reveal=False, local=True).recall(request)
        known = {memory.id for memory in recalled.core}
        hits = [hit.memory for hit in recalled.hits if hit.memory.id not in known][
            : self._session.settings.get("chat.memories")
        ]
        plan = self.plan(recalled.core, hits, self.picture().places)
        return Explained(request, plan, {memory.id: memory for memory in (*recalled.core, *hits)}, self._session.now)

    def last(self) -> Explained | None:
        """The plan of the last request that was recorded, in the cubes of the principal's own; `None` if there is none."""
        mine = filter(self._session.owns, self._session.vaults())
        found = [(at, vault, one) for vault in mine for at, one in Recalls(vault.folder).decisions()]
        if not found:
            return None
        at, vault, noted = max(found, key=lambda one: one[0])
        wanted = self._session.sight(vault, Filter(at=self._session.now, everything=True))
        seen = self.picture()
        memories = {one: vault.get(one) for one in noted["forms"] if vault.can_see(one, wanted)}
        covered = self._covered()
        decisions = tuple(
            Decision(one, Form(form) if form else None, Why(why), tokens, seen.places.get(one), covered.get(one))
            for one, (form, why, tokens) in noted["forms"].items()
            if one in memories
        )
        held = sorted((one.scene == CORE, one.scene or "") for one in decisions if one.form is Form.ACTIVATION)
        slot = held[0][1] if held else None
        plan = Plan(decisions, slot, noted["tokens"], noted["kv_bytes"], (), noted["saved"])
        return Explained(None, plan, memories, at)

    def _core(self) -> set[str]:
        """The ids of the memories that stand in every prompt."""
        from memos_cli.operation.operator.recall import Recall as Recalling

        core = Recalling(self._session, self._memories, self._session.principal, reveal=False, local=True).core()
        return {memory.id for memory in core}

    # -- scenes and their slots

    def standing(self, picture: Picture | None = None) -> tuple[SceneStanding, ...]:
        """The scenes with their slots, the slots that are worth most first."""
        seen = picture or self.picture()
        kept = {slot.scene: slot for slot in self._supply.kept()}
        since = to_millis(self._session.now) - _WINDOW * _DAY
        times = {scene.name: [one.at for one in seen.recalls if scene.name in one.sets] for scene in seen.scenes}
        shares = seen.predictor.foresee(to_millis(self._session.now))
        steps = {step.name: step for step in self.steps(seen)}
        found = [
            SceneStanding(
                scene, sum(at >= since for at in times[scene.name]), max(times[scene.name], default=None),
                shares.get(scene.name, 0.0), kept.get(scene.name), steps.get(scene.name),
            )
            for scene in seen.scenes
        ]  # fmt: skip
        order = {name: place for place, name in enumerate(steps)}
        return tuple(sorted(found, key=lambda one: order.get(one.scene.name, -1)))

    def steps(self, picture: Picture | None = None) -> tuple[SlotStep, ...]:
        """What a tick would do about the slots of scenes, the worthiest first."""
        from memos_cli.operation.policy import policy_of

        seen = picture or self.picture()
        vaults = self._session.vaults()
        if not vaults:
            return ()
        kept = self._supply.kept()
        core = next((scene.tokens for scene in seen.scenes if scene.rule == CORE), 0)
        spent = sum(slot.bytes for slot in kept if slot.scene == CORE)
        budgets = self.budgets
        budgets = budgets._replace(kv_bytes=max(0, budgets.kv_bytes - spent))
        ready = {slot.scene: slot for slot in kept}
        rates = self._rates(seen)
        hot = [
            Hot(
                scene.name, core + scene.tokens, rates[scene.name], self._changes(scene, seen),
                ready[scene.name].bytes if scene.name in ready and set(scene.ids) <= set(ready[scene.name].ids) else None,
                len(scene.ids),
            )
            for scene in seen.scenes
            if scene.rule != CORE
        ]  # fmt: skip
        most = policy_of(vaults[0]).get("slots.ahead")
        steps = decision.ahead(hot, budgets, most, self.costs(kept), self._session.settings.get("chat.memories"))
        if not most:
            return tuple(map(_by_hand, steps))
        since = from_millis(to_millis(self._session.now) - _STAYS * _DAY)
        return tuple(_stays(step) if step.name in ready and ready[step.name].last >= since else step for step in steps)

    def _rates(self, seen: Picture) -> dict[str, float]:
        """For each scene the recalls to expect a day: those of the last two weeks, or those foreseen, if that is more."""
        now = to_millis(self._session.now)
        lately = [one for one in seen.recalls if one.at >= now - _WINDOW * _DAY]
        days = max(1.0, (now - lately[0].at) / _DAY) if lately else 1.0
        shares = seen.predictor.foresee(now)
        return {
            scene.name: max(sum(scene.name in one.sets for one in lately), shares.get(scene.name, 0.0) * len(lately)) / days
            for scene in seen.scenes
        }

    def _changes(self, scene: Scene, seen: Picture) -> float:
        """How many times a day a scene changed lately; changes within the same hour are one, as they are for a tick."""
        since = to_millis(self._session.now) - _WINDOW * _DAY
        changed = {seen.memories[one].updated_at[:13] for one in scene.ids if to_millis(seen.memories[one].updated_at) >= since}
        return len(changed) / _WINDOW

    def hit_rates(self, picture: Picture | None = None) -> dict[str, Any]:
        """How often the recalled scenes would have been among the 1, 3 and 5 foreseen, measured on this history itself."""
        return (picture or self.picture()).hit_rates()

    # -- making slots ready

    def prepare(self, seconds: float | None = None) -> Prepared:
        """Remove slots that are not worth their bytes, and make those that are, the worthiest first.

        Args:
            seconds: after this time no further slot is begun; `None` for no limit.
        """
        if not self._supply.quota:
            return Prepared()
        started = time.monotonic()
        seen = self.picture()
        steps = self.steps(seen)
        kept = {slot.scene: slot for slot in self._supply.kept()}
        dropped = tuple(step.name for step in steps if step.do is Do.DROP)
        names = [CORE] if CORE in seen.named and not self._core() <= _held(kept.get(CORE)) else []
        names += [step.name for step in steps if step.do is Do.BUILD]
        left = None if seconds is None else max(0.0, seconds - (time.monotonic() - started))
        try:
            self._supply.remove([kept[name].id for name in dropped])
            made = self._supply.build([seen.named[name] for name in names], left) if names else ()
        except MemosError as error:
            return Prepared((), dropped, (f"not all slots were made: {error.message}",))
        notes = tuple(f"no slot of {name} was made: {why}" for name, why in made if why)
        return Prepared(tuple(name for name, why in made if why is None), dropped, notes)


def _candidate(memory: Memory, scene: str | None, covered: Mapping[str, str], *, core: bool, secret: bool) -> Candidate:
    return Candidate(memory.id, scenes.tokens_of(memory.content), scene, core, secret, covered.get(memory.id))


def _held(slot: Kept | None) -> frozenset[str]:
    return frozenset(slot.ids) if slot else frozenset()


def _stays(step: SlotStep) -> SlotStep:
    """The step for a slot that was made or used lately, which stays: a person may have made it for what is to come."""
    return step._replace(do=Do.KEEP, reason="its slot was made or used lately") if step.do is Do.DROP else step


def _by_hand(step: SlotStep) -> SlotStep:
    """The step for a scene where the policy keeps ticks off the slots of scenes: slots that a person made stay."""
    do = Do.KEEP if step.do in {Do.KEEP, Do.DROP} else Do.LEAVE
    return step._replace(do=do, reason="the policy leaves slots of sets to you (slots.ahead is 0)")
