import { describe, expect, it } from 'vitest';
import { colorsFor } from '../src/colors.ts';
import { openProgress, type ProgressEnd } from '../src/progress.ts';
import { textSink } from '../src/text-stream.ts';
import { type Sink, sink } from './streams.ts';

const progressOn = (terminal: boolean): ProgressEnd & { stream: Sink } => {
  const stream = sink(terminal);
  return { stream, ...openProgress(textSink(stream), stream, colorsFor({}, {})) };
};

describe('progress off a terminal', () => {
  it('is a line at each tenth and one at the end', () => {
    const { progress, stream } = progressOn(false);
    const stage = progress.stage('Scan');
    for (let at = 0; at <= 40; at++) stage.update(at / 40, `block ${at}`);
    stage.done('40 blocks');
    const lines = stream.text().split('\n');
    expect(lines).toHaveLength(11);
    expect(lines[0]).toBe('Scan: 10 %  block 4');
    expect(lines[9]).toBe('Scan: done, 40 blocks');
  });

  it('says nothing after the end, and a new stage ends the one before', () => {
    const { progress, stream, end } = progressOn(false);
    const first = progress.stage('One');
    progress.stage('Two');
    first.update(0.5);
    first.failed();
    end();
    end();
    expect(stream.text()).toBe('One: done\nTwo: failed\n');
  });

  it('holds no control character, whatever the detail', () => {
    const { progress, stream } = progressOn(false);
    progress.stage('A\u001b[2J').failed('x\ny\r');
    expect(stream.text()).toBe('A\\u{1b}[2J: failed, x\\u{a}y\\u{d}\n');
  });
});

describe('progress on a terminal', () => {
  it('draws one line over and over, and only when it changes', () => {
    const { progress, stream } = progressOn(true);
    const stage = progress.stage('Scan');
    stage.update(0.5);
    stage.update(0.501);
    stage.done('all');
    expect(stream.text().replaceAll('\u001b[K', '|')).toBe(
      '\r· Scan|\r· Scan  [############------------]  50 %|\r✓ Scan  all|\n',
    );
  });

  it('never draws past the edge', () => {
    const { progress, stream } = progressOn(true);
    stream.columns = 20;
    progress.stage('A label of more than twenty columns').update(0.5);
    for (const drawn of stream.text().split('\r').slice(1)) {
      expect(drawn.replace('\u001b[K', '').length).toBeLessThan(20);
    }
  });

  it('makes room and comes back', () => {
    const { progress, stream, clear } = progressOn(true);
    const stage = progress.stage('Scan');
    clear();
    stage.update(0);
    stage.update(Number.NaN);
    expect(stream.text().replaceAll('\u001b[K', '|')).toBe(
      '\r· Scan|\r|\r· Scan  [------------------------]   0 %|',
    );
  });
});
