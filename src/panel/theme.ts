/** The colours of a Space, from its hue alone. How they are made of it stands in `assets/css/tokens.css`. */

/** Unless the Space says otherwise (behaviour/spaces.md §1.1). */
export const USUAL_HUE = 22

/** A channel of `hsl(hue 100% 50%)`, linear. */
const channel = (hue: number, offset: number): number => {
  const turn = (offset + hue / 30) % 12
  const value = 0.5 - 0.5 * Math.max(-1, Math.min(turn - 3, 9 - turn, 1))
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}

/**
 * Spaces keep a hue of HSL, as apps read it. Our colours are mixed in OKLCH, where a text of one lightness can be read as
 * well in every hue; this is the same colour's angle there (Björn Ottosson's matrices), in degrees.
 */
export const oklchHue = (hue: number): number => {
  const [red, green, blue] = [channel(hue, 0), channel(hue, 8), channel(hue, 4)]
  const l = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue)
  const m = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue)
  const s = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue)
  const a = 1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s
  const b = 0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s
  const degrees = (Math.atan2(b, a) * 180) / Math.PI
  return Math.round(((degrees + 360) % 360) * 10) / 10
}

/** Of a hue, a whole number of degrees. It is loaded after the panel's own. */
export const hueStylesheet = (hue: number): string => `:root{--hue:${oklchHue(hue)}}\n`
