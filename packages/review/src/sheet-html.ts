import type { Report } from './report.ts';
import { type SheetLine, signingSheet } from './sheet.ts';

/**
 * The signing sheet as an HTML page for a printer: one A4 page, whole in itself, without scripts and
 * without anything that a browser would fetch. Every character of the spend is escaped, and one that
 * cannot be seen is made visible.
 *
 * The type becomes smaller with the number of lines, down to what can still be read: with more than some
 * fifty payments it takes further pages rather than leave one out.
 */
export const signingSheetHtml = (report: Report): string => {
  const lines = signingSheet(report);
  const severities = new Set(report.findings.map(({ severity }) => severity));
  const verdict = severities.has('block')
    ? 'Do not sign: a finding blocks this spend'
    : severities.has('warn')
      ? 'Sign only if every warning is meant'
      : severities.has('note')
        ? 'Nothing stops this spend; read what is noted'
        : 'Nothing was found against this spend';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Signing sheet ${escapeHtml(report.txid)}</title>
<style>
@page { size: A4; margin: ${MARGIN_MM}mm; }
body { font: ${pointSize(lines)}pt/${LINE_HEIGHT} monospace; color: #000; background: #fff; margin: 0; }
h1 { font-size: 1.5em; margin: 0 0 0.3em; }
p { font-weight: bold; margin: 0 0 0.6em; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 0; text-align: left; vertical-align: top; }
th { white-space: nowrap; padding-right: 1.5em; }
td { overflow-wrap: anywhere; }
tr.first th, tr.first td { border-top: 0.5pt solid #999; }
.sign { margin: 1.5em 0 0; display: flex; gap: 2em; }
.sign span { flex: 1; border-top: 0.5pt solid #000; padding-top: 0.2em; font-weight: normal; }
</style>
</head>
<body>
<h1>Signing sheet</h1>
<p>${escapeHtml(verdict)}</p>
<table>
${lines.map(row).join('\n')}
</table>
<p class="sign"><span>Compared with the order, accepted or refused</span><span>Name</span><span>Date</span></p>
</body>
</html>
`;
};

const row = ([label, value]: SheetLine): string =>
  `<tr${label === '' ? '' : ' class="first"'}><th>${escapeHtml(label)}</th><td>${escapeHtml(value)}</td></tr>`;

/** A4 upright, in points: 210 × 297 mm. */
const MARGIN_MM = 12;
const POINTS_PER_MM = 72 / 25.4;
const PAGE_WIDTH = (210 - 2 * MARGIN_MM) * POINTS_PER_MM;
const PAGE_HEIGHT = (297 - 2 * MARGIN_MM) * POINTS_PER_MM;
const LINE_HEIGHT = 1.25;
/** The widest that a character of a monospaced type usually is, by its size. */
const CHARACTER_WIDTH = 0.62;
/** Heading, verdict and the signature, in lines. */
const FRAME_LINES = 11;
/** Above each line that has a label. */
const BORDER = 0.5;
const LABEL_CHARACTERS = 16;
const SIZES = [10, 9.5, 9, 8.5, 8, 7.5, 7, 6.5, 6, 5.5, 5, 4.5] as const;
const SMALLEST = 4;

/** The largest type in which all lines fit on the page, folded as they will be. */
const pointSize = (lines: readonly SheetLine[]): number =>
  SIZES.find((size) => {
    const across = Math.floor(PAGE_WIDTH / (size * CHARACTER_WIDTH)) - LABEL_CHARACTERS;
    const folded = lines.reduce(
      (sum, [, value]) => sum + Math.max(1, Math.ceil(value.length / across)),
      FRAME_LINES,
    );
    return folded * size * LINE_HEIGHT + lines.length * BORDER <= PAGE_HEIGHT;
  }) ?? SMALLEST;

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for HTML: mark-up becomes text, and what moves or hides text becomes visible. */
const escapeHtml = (text: string): string =>
  text
    .replace(
      /[\p{C}\p{Zl}\p{Zp}]/gu,
      (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
    )
    .replace(/[&<>"']/g, (character) => entities[character] as string);
