"""The dossier's track: one lane per partner on one time axis, idle time folded. Geometry only, in pixels; the template draws it. Pure.

Marks are placed in the order of their times. Two of one lane never touch; an idle time longer than `FOLD_S` is folded to a strip
that says how long it was, so that a week of waiting does not push what happened off the screen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

FOLD_S = 2 * 3600.0
FOLD_WIDTH = 32.0
LANE_HEIGHT = 54.0
AXIS_HEIGHT = 44.0
MARK_GAP = 28.0
"""The least distance of two marks of one lane; 24 px of it can be hit."""
PX_PER_MINUTE = 2.0
LONGEST_STEP = 110.0
MARGIN = 28.0
TICK_GAP = 62.0
WIDTH = 912.0
"""What a short track fills."""
LETTER = 6.4
"""The mean width of a letter of a note."""
TOOTH = 6.0
"""Between two turns of a torn edge."""
FUTURE = 150.0
"""Room behind "now" where something is expected."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened, or is expected, at an instant (seconds since the epoch): its symbol, colour and words."""

    at: float
    symbol: str
    tone: str
    label: str
    href: str = ""
    note: str = ""
    below: str = ""
    """What stands below it in any case, such as when it is tried again."""
    chosen: bool = False


@dataclass(slots=True)
class Lane:
    """One partner's row. `held` is the mark that holds it until now, and in which tone; `due` what is to come and when."""

    name: str
    title: str
    symbol: str
    tone: str
    words: str
    marks: list[Mark] = field(default_factory=list)
    held_from: float | None = None
    held_tone: str = "wait"
    due: Mark | None = None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Placed:
    """A mark and where it stands. `note_y` is where its words stand, above or below it; None where neighbours leave no room.

    `note_x` is where they begin, or end (`anchor`) where they would run over "now".
    """

    mark: Mark
    x: float
    y: float
    note_y: float | None
    note_x: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Row:
    """A lane as drawn: its middle, its marks, its lines."""

    lane: Lane
    top: float
    y: float
    placed: tuple[Placed, ...]
    line_from: float | None
    held_from: float | None
    due: Placed | None


@dataclass(frozen=True, slots=True)
class Tick:
    """A time on the axis; `day` where the day begins to be another."""

    x: float
    at: float
    new_day: bool


@dataclass(frozen=True, slots=True)
class Fold:
    """Idle time, folded."""

    x: float
    seconds: float

    def edge(self, beyond: float, height: float) -> str:
        """A torn edge from top to bottom, `beyond` pixels from where the fold begins; as the path of an SVG."""
        points = (
            f"{self.x + beyond + (2 if step % 2 else -2):.1f} {step * TOOTH:.0f}"
            for step in range(int(height // TOOTH) + 1)
        )
        return "M" + "L".join(points)


@dataclass(frozen=True, slots=True)
class Track:
    """All that is drawn."""

    width: float
    height: float
    now_x: float
    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    folds: tuple[Fold, ...]
    fine: bool
    """Times are so near to one another that they are told by the second."""

    @property
    def expects(self) -> bool:
        """Something is still to come."""
        return any(row.due for row in self.rows)


def draw(lanes: Sequence[Lane], now: float) -> Track:
    """Place every mark of `lanes` up to `now`, and beyond it what is due. A short story is stretched over the whole width."""
    xs, folds, now_x = _scale(lanes, now)
    future = FUTURE if any(lane.due for lane in lanes) else MARGIN
    stretch = max(1.0, (WIDTH - future - MARGIN) / (now_x - MARGIN))

    def spread(x: float) -> float:
        return MARGIN + (x - MARGIN) * stretch

    placed = {key: (at, spread(x)) for key, (at, x) in xs.items()}
    end = spread(now_x)
    rows = tuple(_row(lane, number, placed, end) for number, lane in enumerate(lanes))
    height = AXIS_HEIGHT + LANE_HEIGHT * len(lanes)
    half = FOLD_WIDTH / 2
    drawn = tuple(Fold(spread(fold.x + half) - half, fold.seconds) for fold in folds)
    times = sorted(placed.values())
    fine = len(times) > 1 and times[-1][0] - times[0][0] < 60 * len(times)
    return Track(end + future, height, end, rows, tuple(_ticks(times, end, fine=fine)), drawn, fine)


Key = tuple[int, int]
"""(lane, place in the lane)."""
Xs = dict[Key, tuple[float, float]]
"""Where each mark stands: its instant and its x."""


def _scale(lanes: Sequence[Lane], now: float) -> tuple[Xs, list[Fold], float]:
    """x of every mark, in the order of their times, and of now."""
    order = sorted(
        (mark.at, number, place) for number, lane in enumerate(lanes) for place, mark in enumerate(lane.marks)
    )
    xs: Xs = {}
    folds: list[Fold] = []
    last_in: dict[int, float] = {}
    x, before = MARGIN, order[0][0] if order else now
    for at, number, place in order:
        x = max(_step(x, at - before, folds), last_in.get(number, -MARK_GAP) + MARK_GAP)
        xs[number, place] = (at, x)
        last_in[number], before = x, at
    return xs, folds, _step(x, max(0.0, now - before), folds) + MARGIN


def _step(x: float, seconds: float, folds: list[Fold]) -> float:
    """How far to go for `seconds`; a long idle time leaves a fold behind."""
    if seconds > FOLD_S:
        folds.append(Fold(x + MARK_GAP, seconds))
        return x + FOLD_WIDTH + 2 * MARK_GAP
    return x + min(LONGEST_STEP, seconds / 60.0 * PX_PER_MINUTE)


def _row(lane: Lane, number: int, xs: Xs, now_x: float) -> Row:
    top = AXIS_HEIGHT + LANE_HEIGHT * number
    y = top + LANE_HEIGHT / 2
    placed = []
    free = {y - 16.0: 0.0, y + 24.0: 0.0}
    for place, mark in enumerate(lane.marks):
        x = xs[number, place][1]
        length = LETTER * len(mark.note)
        begins, anchor = (x - 6, "start") if x - 6 + length < now_x - 6 else (now_x - 6 - length, "end")
        if mark.below:
            free[y + 24.0] = x + LETTER * len(mark.below)
        note_y = next((side for side, until in free.items() if mark.note and until <= begins), None)
        if note_y is not None:
            free[note_y] = begins + length + 6
        placed.append(Placed(mark, x, y, note_y, begins if anchor == "start" else now_x - 6, anchor))
    held = next((p.x for p in placed if p.mark.at == lane.held_from), None) if lane.held_from is not None else None
    due_x = now_x + FUTURE / 2
    due = Placed(lane.due, due_x, y, y - 16.0, due_x, "middle") if lane.due else None
    return Row(lane, top, y, tuple(placed), placed[0].x if placed else None, held, due)


def _ticks(times: Sequence[tuple[float, float]], now_x: float, *, fine: bool) -> Iterable[Tick]:
    """Times along the axis, as many as fit and none said twice; a new day is always said."""
    last_x, last_day, last_at = -TICK_GAP, -1, -1
    for at, x in times:
        day = int((at + 7 * 3600) // 86400)  # days change at midnight in Vietnam, UTC+7
        said = int(at if fine else at // 60)
        if x - last_x < TICK_GAP or now_x - x < TICK_GAP or said == last_at:
            continue
        yield Tick(x, at, day != last_day)
        last_x, last_day, last_at = x, day, said
