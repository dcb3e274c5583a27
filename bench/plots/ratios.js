// How many times as good as node:net, for each kind of work: a bar to the right is better, whatever is measured.
import { digits } from '../report.js';
import { AXIS, FAINT, INK, sources, svgOf, systemOf } from './svg.js';

const COLORS = ['#0969da', '#8250df', '#1a7f37'];
const FIGURES = { rate: '', p50: ', median time', p99: ', 99 % of times', server: ', memory' };
const ROW = 44;
const HALO = { stroke: '#ffffff', lineWidth: 3, verticalAlign: 'middle', fontSize: 11 };

export function ratios(runs) {
  const bars = runs.map((run) => new Map(run.cases.flatMap(barsOf)));
  const names = [...new Set(bars.flatMap((all) => [...all.keys()]))];
  const wanted = names.map((name) => bars.find((all) => all.has(name)).get(name).target);
  const offset = (i) => (i - (runs.length - 1) / 2) * 16;
  return svgOf(
    'framepipe against node:net, for each kind of work',
    {
      title: {
        text: 'framepipe : node:net, how many times as good',
        subtext: `${sources(runs)}\nMedian over the rounds; thin line: from the worst to the best round; red mark: target`,
        textStyle: { color: INK },
        subtextStyle: { color: INK, lineHeight: 18 },
      },
      legend: { bottom: 0, textStyle: { color: INK }, data: runs.map(systemOf) },
      grid: { left: 310, right: 60, top: 75 + 18 * runs.length, bottom: 60 },
      // Bars begin at "as good", and twice as good is as far as half: the axis is the ratio's logarithm.
      xAxis: { ...AXIS, type: 'value', minInterval: 1, axisLabel: { color: INK, formatter: (log) => `${2 ** log}×` } },
      yAxis: {
        ...AXIS,
        type: 'category',
        data: names,
        inverse: true,
        axisTick: { show: false },
        axisLine: { onZero: false, lineStyle: { color: FAINT } },
      },
      series: [
        ...runs.map((run, i) => ({
          name: systemOf(run),
          type: 'bar',
          barWidth: 14,
          barGap: '15%',
          color: COLORS[i],
          data: names.map((name) => log(bars[i].get(name)?.ratio)),
        })),
        ...runs.map((_, i) => spans(names, bars[i], offset(i))),
        {
          type: 'scatter',
          symbol: 'rect',
          symbolSize: [3, 18 * runs.length + 4],
          color: '#cf222e',
          z: 4,
          data: wanted.map((target, i) => [log(target), i]).filter(([target]) => target !== null),
        },
      ],
    },
    900,
    140 + 18 * runs.length + ROW * names.length,
  );
}

const log = (ratio) => (ratio === undefined ? null : Math.log2(ratio));

// The rows whose rival is net in some form; less is better for times and memory, so that these are turned round.
function barsOf({ work, rows }) {
  const shown = rows.filter(({ ours, theirs, of, target }) => {
    if (target) return theirs?.startsWith('net');
    return theirs === 'net' && ['rate', 'p50', 'server'].includes(of) && !ours.includes('read()');
  });
  return shown.map(({ ours, theirs, of, ratio, from, to, target }) => {
    const how = ours.replace(/^framepipe(?=, )?/, '') + FIGURES[of] + (theirs === 'net' ? '' : ` (to ${theirs})`);
    const turned = of !== 'rate';
    const better = (value) => (turned ? 1 / value : value);
    const wanted = target ? better(Number(target.replace(/[^\d.]/g, ''))) : undefined;
    return [work + how, { ratio: better(ratio), ends: [better(from), better(to)], target: wanted }];
  });
}

// A thin line over each bar, and its number behind both.
function spans(names, bars, offset) {
  const data = names.map((name, i) => ({ ...bars.get(name), i })).filter(({ ratio }) => ratio !== undefined);
  return {
    type: 'custom',
    z: 5,
    data: data.map(({ ratio, ends, i }) => [Math.log2(Math.min(...ends)), Math.log2(Math.max(...ends)), i, ratio]),
    encode: { x: [0, 1], y: 2 },
    renderItem(_, api) {
      const [from, y] = api.coord([api.value(0), api.value(2)]);
      const [to] = api.coord([api.value(1), api.value(2)]);
      const ratio = api.value(3);
      const [end] = api.coord([Math.max(0, Math.log2(ratio)), api.value(2)]);
      const at = y + offset;
      const line = { type: 'line', shape: { x1: from, y1: at, x2: to, y2: at }, style: { stroke: INK, lineWidth: 1 } };
      const style = { x: Math.max(to, end) + 6, y: at, text: `${digits(ratio)}×`, fill: INK, ...HALO };
      return { type: 'group', children: [line, { type: 'text', style }] };
    },
  };
}
