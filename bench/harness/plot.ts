import type { Curve } from './run-case';
import { format } from './format';

const WIDTH = 640;
const HEIGHT = 400;
const EDGE = { left: 72, right: 84, top: 44, bottom: 52 };
const COLOURS = { ours: '#0b6e4f', base: '#9a9a9a' };

/** An axis on which every factor of ten is as long as the next. */
interface LogAxis {
  at(value: number): number;
  readonly ticks: readonly number[];
}

/** Draws cost by size on logarithmic axes: a flat line is a cost that does not grow. Plain SVG, complete in itself. */
export function plot(title: string, curves: readonly Curve[]): string {
  const points = curves.flatMap((curve) => curve.points);
  const x = logAxis(points.map(([size]) => size), EDGE.left, WIDTH - EDGE.right);
  const y = logAxis(points.map(([, ns]) => ns), HEIGHT - EDGE.bottom, EDGE.top);
  const grid = [
    ...x.ticks.map((tick) => `<path d="M${px(x.at(tick))} ${EDGE.top}V${HEIGHT - EDGE.bottom}"/><text x="${px(x.at(tick))}" y="${HEIGHT - EDGE.bottom + 18}" text-anchor="middle">${format(tick)}</text>`),
    ...y.ticks.map((tick) => `<path d="M${EDGE.left} ${px(y.at(tick))}H${WIDTH - EDGE.right}"/><text x="${EDGE.left - 8}" y="${px(y.at(tick) + 4)}" text-anchor="end">${format(tick)}</text>`),
  ];
  const lines = curves.map(({ label, points: line }) => {
    const path = line.map(([size, ns], index) => `${index === 0 ? 'M' : 'L'}${px(x.at(size))} ${px(y.at(ns))}`).join('');
    const dots = line.map(([size, ns]) => `<circle cx="${px(x.at(size))}" cy="${px(y.at(ns))}" r="3" fill="${COLOURS[label]}" stroke="none"/>`).join('');
    const [, lastNs] = line.at(-1) ?? [0, 1];
    const name = `<text x="${WIDTH - EDGE.right + 8}" y="${px(y.at(lastNs) + 4)}" style="fill:${COLOURS[label]}">${label}</text>`;
    return `<path d="${path}" fill="none" stroke="${COLOURS[label]}" stroke-width="2"/>${dots}${name}`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}">
<style>text{font:12px system-ui,sans-serif;fill:#444}</style>
<rect width="100%" height="100%" fill="#fff"/>
<text x="${EDGE.left}" y="24" style="font-size:15px;fill:#111">${escapeXml(title)}</text>
<g stroke="#e6e6e6">${grid.join('').replaceAll('<text', '<text stroke="none"')}</g>
${lines.join('\n')}
<text x="${(EDGE.left + WIDTH - EDGE.right) / 2}" y="${HEIGHT - 12}" text-anchor="middle">size</text>
<text x="16" y="${HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 16 ${HEIGHT / 2})">ns an operation</text>
</svg>
`;
}

/** Whole powers of ten around the values, so that a curve never touches the frame. */
function logAxis(values: readonly number[], start: number, end: number): LogAxis {
  const logs = values.filter((value) => value > 0).map(Math.log10);
  const low = Math.floor(Math.min(...logs));
  const high = Math.max(Math.ceil(Math.max(...logs)), low + 1);
  return {
    at: (value) => start + ((Math.log10(value) - low) / (high - low)) * (end - start),
    ticks: Array.from({ length: high - low + 1 }, (_, step) => 10 ** (low + step)),
  };
}

function px(position: number): string {
  return position.toFixed(1);
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
