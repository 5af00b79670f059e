// How tiles are laid out: pure arithmetic, so that it can be tested without a page.
import type { Participant } from '../api/types';

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Grid extends Size {
  readonly columns: number;
  readonly rows: number;
}

export const GAP = 12;
/** The page receives eight videos and shows itself besides. */
export const GRID_TILES_MAX = 9;
const WIDEST = 16 / 9;
const STRIP_TILE_MIN = 100;
/** Tall tiles suit a phone held upright: a face fills them better than a strip. */
const NARROWEST = { landscape: 4 / 3, portrait: 4 / 5 };

/** The largest equal tiles, so many of them, that fit the area. */
export function fitGrid(count: number, area: Size): Grid {
  const narrowest = area.width >= area.height ? NARROWEST.landscape : NARROWEST.portrait;
  let best: Grid = { columns: 1, rows: Math.max(1, count), width: 0, height: 0 };
  for (let columns = 1; columns <= Math.max(1, count); columns += 1) {
    const rows = Math.max(1, Math.ceil(count / columns));
    const cell = {
      width: (area.width - GAP * (columns - 1)) / columns,
      height: (area.height - GAP * (rows - 1)) / rows,
    };
    if (cell.width <= 0 || cell.height <= 0) continue;
    const tile = inside(cell, narrowest);
    if (tile.width * tile.height > best.width * best.height) best = { columns, rows, ...tile };
  }
  return best;
}

function inside(cell: Size, narrowest: number): Size {
  const aspect = Math.min(WIDEST, Math.max(narrowest, cell.width / cell.height));
  const width = Math.min(cell.width, cell.height * aspect);
  return { width: Math.floor(width), height: Math.floor(width / aspect) };
}

export interface Strip extends Size {
  readonly vertical: boolean;
  /** How many tiles it has room for. */
  readonly capacity: number;
}

/** The film strip beside (wide areas) or below (tall areas) a shared screen. */
export function filmStrip(count: number, area: Size): Strip {
  if (area.width <= area.height || area.width < 720) return stripBelow(count, area);
  const width = Math.min(240, Math.max(168, Math.round(area.width * 0.17)));
  const capacity = Math.max(1, Math.floor((area.height + GAP) / (STRIP_TILE_MIN + GAP)));
  // A little lower tiles rather than a gap at the foot of a full strip.
  const fair = Math.floor((area.height - GAP * (capacity - 1)) / capacity);
  return { vertical: true, width, height: Math.min(Math.round(width / WIDEST), fair), capacity };
}

function stripBelow(count: number, area: Size): Strip {
  // A screen is wider than it is tall: below it a phone has room for more than a row.
  const screen = Math.min(area.height * 0.6, area.width / WIDEST + 40);
  const capacity = area.height > area.width ? 6 : 3;
  const room = { width: area.width, height: area.height - screen - GAP };
  return { vertical: false, capacity, ...sizeOf(fitGrid(Math.min(count, capacity), room)) };
}

function sizeOf({ width, height }: Size): Size {
  return { width, height };
}

export interface Chosen {
  readonly shown: readonly Participant[];
  readonly hidden: readonly Participant[];
}

/**
 * Who gets a tile when there is not room for all: whoever spoke last, then who joined first. The
 * chosen stand in the order of joining, so that nobody's tile jumps about while they talk.
 */
export function chooseTiles(
  people: readonly Participant[],
  capacity: number,
  lastSpoke: ReadonlyMap<number, number>,
): Chosen {
  if (people.length <= capacity) return { shown: people, hidden: [] };
  // One place goes to the tile that says how many more there are.
  const places = Math.max(0, capacity - 1);
  const spoke = (p: Participant) => lastSpoke.get(p.participant_id) ?? 0;
  const ranked = [...people].sort(
    (a, b) => spoke(b) - spoke(a) || a.participant_id - b.participant_id,
  );
  const chosen = new Set(ranked.slice(0, places));
  return {
    shown: people.filter((p) => chosen.has(p)),
    hidden: people.filter((p) => !chosen.has(p)),
  };
}

export type StageMode = 'screen' | 'alone' | 'pair' | 'grid';

export function stageMode(others: number, screenShared: boolean): StageMode {
  if (screenShared) return 'screen';
  if (others === 0) return 'alone';
  return others === 1 ? 'pair' : 'grid';
}

/** At most two letters: of the first and the last word. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words[words.length - 1]] : [words[0]];
  const text = letters.map((word) => [...(word ?? '')][0] ?? '').join('');
  return text.toLocaleUpperCase() || '?';
}

const AVATAR_COLOURS = 8;

export function avatarColour(participantId: number): number {
  return participantId % AVATAR_COLOURS;
}
