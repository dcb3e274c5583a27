// What the plots have in common. They are shown on pages that are light or dark: so they bring their own background.
import { packagesOf } from '../packages.js';

const { init } = packagesOf('plots')('echarts');

export const INK = '#1f2328';
export const FAINT = '#d1d9e0';
export const AXIS = {
  axisLabel: { color: INK },
  axisLine: { lineStyle: { color: INK } },
  nameTextStyle: { color: INK },
  splitLine: { lineStyle: { color: FAINT } },
};

/** The same option gives the same text. `title`: for those who do not see it. */
export function svgOf(title, option, width, height) {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  try {
    // The same font on every system, too.
    const fixed = { animation: false, backgroundColor: '#ffffff', textStyle: { fontFamily: 'sans-serif' } };
    chart.setOption({ ...fixed, ...option });
    return `${chart
      .renderToSVGString()
      // What is there for animations, a mouse and scripts, and is numbered by the charts that the process has drawn.
      .replace(/<(style|defs)[\s\S]*?<\/\1>\n?/g, '')
      .replace(/ (?:class|ecmeta_\w+|pointer-events|clip-path)="[^"]*"/g, '')
      .replaceAll('font-family:sans-serif;', '') // in each text
      .replace(/<svg ([^>]*)>/, `<svg font-family="sans-serif" $1>\n<title>${title}</title>`)}\n`;
  } finally {
    chart.dispose();
  }
}

/** "Linux" or "Windows (Wine)". */
export function systemOf({ system }) {
  if (!system.startsWith('win32')) return 'Linux';
  return system.includes('under Wine') ? 'Windows (Wine)' : 'Windows';
}

/** What was measured where and when. */
export const sources = (runs) => runs.map(({ system, date }) => `${system}, ${date.slice(0, 10)}`).join('\n');
