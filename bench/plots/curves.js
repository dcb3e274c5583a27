// Rates against the number of connections: one diagram for each kind of work and system.
import { digits, median } from '../report.js';
import { AXIS, INK, sources, svgOf, systemOf } from './svg.js';

const COLORS = {
  framepipe: '#0969da',
  'framepipe, for await': '#0969da',
  'framepipe, batches()': '#1a7f37',
  net: '#57606a',
  'net tuned': '#bc4c00',
};
const WIDTH = 460;
const HEIGHT = 320;

/** Undefined when there are none. */
export function curves(all) {
  const runs = all.filter(({ cases }) => cases.some(({ points }) => points));
  const works = [...new Set(runs.flatMap((run) => run.cases.filter(({ points }) => points).map(({ work }) => work)))];
  const diagrams = works.flatMap((work, row) =>
    runs.flatMap((run, column) => {
      const points = run.cases.find((one) => one.work === work)?.points;
      return points ? [{ work, points, row, column, system: systemOf(run) }] : [];
    }),
  );
  if (diagrams.length === 0) return undefined;
  const top = 60 + 18 * runs.length;
  const lines = diagrams.flatMap(linesOf);
  return svgOf(
    'framepipe and node:net, from 1 to 1,000 connections at once',
    {
      title: [
        {
          text: 'From 1 to 1,000 connections at once',
          subtext: sources(runs),
          textStyle: { color: INK },
          subtextStyle: { color: INK, lineHeight: 18 },
        },
        ...diagrams.map(({ work, row, column, system }) => ({
          text: `${work.replace('curve: ', '')}, ${system}`,
          left: 60 + WIDTH * column,
          top: top + HEIGHT * row,
          textStyle: { color: INK, fontSize: 13 },
        })),
      ],
      legend: { bottom: 0, itemGap: 24, textStyle: { color: INK }, data: [...new Set(lines.map(({ name }) => name))] },
      grid: diagrams.map(({ row, column }) => ({
        left: 60 + WIDTH * column,
        top: top + 35 + HEIGHT * row,
        width: WIDTH - 95,
        height: HEIGHT - 85,
      })),
      xAxis: diagrams.map(({ points }, i) => ({
        ...AXIS,
        gridIndex: i,
        type: 'category',
        boundaryGap: false,
        data: points.map(({ connections }) => connections.toLocaleString('en')),
      })),
      yAxis: diagrams.map((_, i) => ({
        ...AXIS,
        gridIndex: i,
        type: 'log',
        axisLabel: { color: INK, formatter: short },
      })),
      series: lines,
    },
    60 + WIDTH * runs.length,
    top + 35 + HEIGHT * works.length,
  );
}

function linesOf({ work, points }, i) {
  const scale = work.includes('M frames') ? 1e-6 : 1;
  return Object.keys(points[0].results).map((name) => ({
    name,
    type: 'line',
    xAxisIndex: i,
    yAxisIndex: i,
    color: COLORS[name],
    symbolSize: 6,
    lineStyle: { width: name.startsWith('framepipe') ? 2.5 : 1.5 },
    // Everybody's numbers would lie over one another.
    label: {
      show: name.startsWith('framepipe'),
      color: COLORS[name],
      fontSize: 10,
      formatter: ({ value }) => short(value),
    },
    data: points.map(({ results }) => median(results[name].map(({ rate }) => rate)) * scale),
  }));
}

function short(value) {
  if (value >= 1e6) return `${digits(value / 1e6)} M`;
  return value >= 1000 ? `${digits(value / 1000)} k` : String(Number(digits(value)));
}
