/** The colours of a Space, from its hue alone, so that texts can be read whatever the hue is (WCAG 2.1 §1.4.3). */

/** Unless the Space says otherwise (behaviour/spaces.md §1.1). */
export const USUAL_HUE = 22

/** A little more than WCAG asks for: cards are not quite white, and not quite black. */
const LEAST_CONTRAST = 5

const SATURATION = 80

/** WCAG 2.1, relative luminance of an HSL colour. */
export const luminanceOf = (hue: number, saturation: number, lightness: number): number => {
  const [s, l] = [saturation / 100, lightness / 100]
  const channel = (offset: number): number => {
    const turn = (offset + hue / 30) % 12
    const value = l - s * Math.min(l, 1 - l) * Math.max(-1, Math.min(turn - 3, 9 - turn, 1))
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * channel(0) + 0.7152 * channel(8) + 0.0722 * channel(4)
}

/** Of Pico's pages, and the lighter of its cards in the dark. */
const WHITE = 1
const DARK = luminanceOf(220, 18, 14)

export const contrast = (one: number, other: number): number =>
  (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05)

/** The lightness nearest to the first one, stepping so, that is readable on the ground. */
const readable = (hue: number, from: number, step: 1 | -1, ground: number): number => {
  let lightness = from
  while (contrast(luminanceOf(hue, SATURATION, lightness), ground) < LEAST_CONTRAST) lightness += step
  return lightness
}

const tone = (hue: number, lightness: number, alpha?: number): string =>
  `hsl(${hue} ${SATURATION}% ${lightness}%${alpha === undefined ? '' : ` / ${alpha}`})`

/** Pico's variables for one ground: texts and links in `text`, buttons in `button` under white. */
const variables = (hue: number, { text, hover, button }: { text: number; hover: number; button: number }): string =>
  Object.entries({
    '': tone(hue, text),
    '-hover': tone(hue, hover),
    '-underline': tone(hue, text, 0.5),
    '-hover-underline': tone(hue, hover),
    '-background': tone(hue, button),
    '-border': tone(hue, button),
    '-hover-background': tone(hue, button - 6),
    '-hover-border': tone(hue, button - 6),
    '-focus': tone(hue, text, 0.5),
    '-inverse': '#fff',
  })
    .map(([name, value]) => `--pico-primary${name}:${value}`)
    .join(';')

/** Of a hue, a whole number of degrees. It stands below Pico and is as specific, so that it wins. */
export const hueStylesheet = (hue: number): string => {
  const onWhite = readable(hue, 45, -1, WHITE)
  const onDark = readable(hue, 55, 1, DARK)
  const light = variables(hue, { text: onWhite, hover: onWhite - 8, button: onWhite })
  const dark = variables(hue, { text: onDark, hover: onDark + 8, button: onWhite })
  return [
    `:root{--hue:${hue}}`,
    `:root:not([data-theme=dark]),[data-theme=light]{${light}}`,
    `@media only screen and (prefers-color-scheme:dark){:root:not([data-theme]){${dark}}}`,
    '',
  ].join('\n')
}
