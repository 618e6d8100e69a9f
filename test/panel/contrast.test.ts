import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { oklchHue } from '../../src/panel/theme.ts'

// WCAG 2.1, §1.4.3 and §1.4.11, over the tokens as they are served: every text on every ground that it stands on, and the
// marks and edges that mean something, in twelve hues, by day and by night.

const css = readFileSync(join(import.meta.dir, '../../src/panel/assets/css/tokens.css'), 'utf8')
const HUES = [0, 22, 45, 75, 120, 150, 175, 200, 220, 255, 285, 330]
const SCHEMES = ['light', 'dark'] as const

interface Oklch {
  readonly l: number
  readonly c: number
  readonly h: number
}

/** Björn Ottosson's matrices, clipped to what a screen shows; the relative luminance of WCAG. */
const luminanceOf = ({ l, c, h }: Oklch): number => {
  const [a, b] = [c * Math.cos((h * Math.PI) / 180), c * Math.sin((h * Math.PI) / 180)]
  const L = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const M = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const S = (l - 0.0894841775 * a - 1.291485548 * b) ** 3
  const clip = (linear: number) => Math.min(1, Math.max(0, linear))
  const red = clip(4.0767416621 * L - 3.3077115913 * M + 0.2309699292 * S)
  const green = clip(-1.2684380046 * L + 2.6097574011 * M - 0.3413193965 * S)
  const blue = clip(-0.0041960863 * L - 0.7034186147 * M + 1.707614701 * S)
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

const contrast = (one: Oklch, other: Oklch): number => {
  const [dark = 0, light = 0] = [luminanceOf(one), luminanceOf(other)].sort((x, y) => x - y)
  return (light + 0.05) / (dark + 0.05)
}

const COLOUR = String.raw`oklch\(([\d.]+) ([\d.]+) (\S+?)\)`
const TOKEN = new RegExp(String.raw`--([\w-]+):\s*light-dark\(\s*${COLOUR},\s*${COLOUR}\s*\)`, 'g')

const tokens = new Map(
  [...css.replaceAll('var(--hue)', 'HUE').matchAll(TOKEN)].map(([, name = '', ...parts]) => [name, parts]),
)

const colour = (name: string, scheme: (typeof SCHEMES)[number], hue: number): Oklch => {
  const parts = tokens.get(name)
  if (parts === undefined) throw new Error(`no token --${name}`)
  const [l, c, h] = scheme === 'light' ? parts.slice(0, 3) : parts.slice(3)
  return { l: Number(l), c: Number(c), h: h === 'HUE' ? oklchHue(hue) : Number(h) }
}

const GROUNDS = ['canvas', 'surface', 'raised', 'sunken', 'hover'] as const

/** What is read on what. */
const TEXTS: readonly (readonly [text: string, grounds: readonly string[]])[] = [
  ['ink', [...GROUNDS, 'accent-soft', 'good-soft', 'warn-soft', 'bad-soft']],
  ['ink-2', [...GROUNDS, 'accent-soft']],
  ['ink-3', GROUNDS],
  ['accent-ink', [...GROUNDS, 'accent-soft']],
  ['on-accent', ['accent', 'accent-hover']],
  ['good', ['surface', 'sunken', 'good-soft']],
  ['warn', ['surface', 'sunken', 'warn-soft']],
  ['bad', ['surface', 'sunken', 'raised', 'bad-soft']],
  ['on-bad', ['bad-solid']],
]

/** What has to be told from its ground: edges of controls, marks of charts, what is ticked. */
const SHAPES: readonly (readonly [shape: string, grounds: readonly string[]])[] = [
  ['control-edge', ['surface', 'canvas']],
  ['accent', ['surface']],
  ['accent-ink', ['surface', 'canvas']],
  ['mark', ['surface']],
  ['mark-2', ['surface']],
  ['good-mark', ['surface']],
  ['bad-mark', ['surface']],
]

describe('whatever the hue of a Space is', () => {
  const tooFaint = (pairs: typeof TEXTS, least: number, scheme: (typeof SCHEMES)[number]) =>
    HUES.flatMap((hue) =>
      pairs.flatMap(([name, grounds]) =>
        grounds
          .map((ground) => ({
            pair: `${name} on ${ground}, hue ${hue}`,
            ratio: contrast(colour(name, scheme, hue), colour(ground, scheme, hue)),
          }))
          .filter(({ ratio }) => ratio < least)
          .map(({ pair, ratio }) => `${pair}: ${ratio.toFixed(2)}`),
      ),
    )

  for (const scheme of SCHEMES) {
    test(`${scheme}: every text can be read`, () => {
      expect(tooFaint(TEXTS, 4.5, scheme)).toEqual([])
    })
    test(`${scheme}: every edge and mark can be seen`, () => {
      expect(tooFaint(SHAPES, 3, scheme)).toEqual([])
    })
  }

  test('white on black is what WCAG says it is', () => {
    expect(contrast({ l: 1, c: 0, h: 0 }, { l: 0, c: 0, h: 0 })).toBeCloseTo(21, 1)
    // #767676 on white, the grey that is just dark enough.
    expect(contrast({ l: 0.5657, c: 0, h: 0 }, { l: 1, c: 0, h: 0 })).toBeCloseTo(4.54, 1)
  })
})
