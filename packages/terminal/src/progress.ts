import type { Colors } from './colors.ts';
import { printable } from './printable.ts';
import type { TextSink, TextStream } from './text-stream.ts';

/** Shows the stages of long work on stderr: a bar on a terminal, plain lines elsewhere. */
export interface Progress {
  /** Begins a stage; one that still runs is ended as done. */
  stage(label: string): Stage;
}

/** One stage. After `done` or `failed` it shows nothing more. */
export interface Stage {
  /** How far it is, 0 … 1, and what it is at. Cheap to call often: only a changed line is drawn. */
  update(fraction: number, detail?: string): void;
  done(detail?: string): void;
  failed(detail?: string): void;
}

/** Progress that shows nothing, for `--json` and tests. */
export const noProgress: Progress = {
  stage: () => ({ update: () => {}, done: () => {}, failed: () => {} }),
};

const BAR_WIDTH = 24;

/** Off a terminal, a running stage gives a line at every tenth. */
const PLAIN_STEPS = 10;

/** A `Progress` with what only the program's rim does with it. */
export interface ProgressEnd {
  readonly progress: Progress;
  /** Takes a bar off the line that it stands on, so that something else can be shown there. */
  readonly clear: () => void;
  /** Marks a stage that still runs as failed: an error is about to be shown. */
  readonly end: () => void;
}

export const openProgress = (
  sink: TextSink,
  stream: Pick<TextStream, 'isTTY' | 'columns'>,
  colors: Colors,
): ProgressEnd => {
  let running: RunningStage | undefined;
  const begin = stream.isTTY === true ? barStage : plainStage;
  return {
    progress: {
      stage: (label) => {
        running?.done();
        const stage = begin(sink, printable(label), colors, () => stream.columns ?? 80);
        running = stage;
        return stage;
      },
    },
    clear: () => {
      running?.clear();
    },
    end: () => {
      running?.failed();
    },
  };
};

interface RunningStage extends Stage {
  clear(): void;
}

type Begin = (sink: TextSink, label: string, colors: Colors, columns: () => number) => RunningStage;

const barStage: Begin = (sink, label, colors, columns) => {
  let ended = false;
  let shown = '';
  const draw = (text: string): void => {
    const line = text.slice(0, columns() - 1);
    if (ended || line === shown) return;
    shown = line;
    sink.write(`\r${line}${ERASE_REST}`);
  };
  const end = (mark: string, detail: string): void => {
    if (ended) return;
    ended = true;
    sink.write(`\r${mark} ${label}${detailText(detail)}${ERASE_REST}\n`);
  };
  draw(`· ${label}`);
  return {
    update: (fraction, detail = '') => {
      draw(`· ${label}  ${bar(fraction)}${detailText(detail)}`);
    },
    done: (detail = '') => {
      end(colors.green('✓'), detail);
    },
    failed: (detail = '') => {
      end(colors.red('✗'), detail);
    },
    clear: () => {
      if (ended) return;
      shown = '';
      sink.write(`\r${ERASE_REST}`);
    },
  };
};

const plainStage: Begin = (sink, label) => {
  let ended = false;
  let step = 0;
  const end = (word: string, detail: string): void => {
    if (ended) return;
    ended = true;
    sink.write(`${label}: ${word}${detail === '' ? '' : `, ${printable(detail)}`}\n`);
  };
  return {
    update: (fraction, detail = '') => {
      const reached = Math.floor(bounded(fraction) * PLAIN_STEPS);
      if (ended || reached <= step || reached === PLAIN_STEPS) return;
      step = reached;
      sink.write(`${label}: ${percent(fraction)}${detailText(detail)}\n`);
    },
    done: (detail = '') => {
      end('done', detail);
    },
    failed: (detail = '') => {
      end('failed', detail);
    },
    clear: () => {},
  };
};

/** Erases from the cursor to the end of the line. */
const ERASE_REST = '\u001b[K';

const bounded = (fraction: number): number =>
  Number.isNaN(fraction) ? 0 : Math.min(1, Math.max(0, fraction));

const percent = (fraction: number): string => `${Math.floor(bounded(fraction) * 100)} %`;

const bar = (fraction: number): string => {
  const filled = Math.floor(bounded(fraction) * BAR_WIDTH);
  return `[${'#'.repeat(filled).padEnd(BAR_WIDTH, '-')}] ${percent(fraction).padStart(5)}`;
};

const detailText = (detail: string): string => (detail === '' ? '' : `  ${printable(detail)}`);
