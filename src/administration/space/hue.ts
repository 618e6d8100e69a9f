import { textOf } from '../../panel/components/fields.tsx'

const HEX = /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i

/** The hue of HSL that a colour has, such as `#1a9e8f`; null: it is none, or grey. */
const hueOfHex = (text: string): number | null => {
  const [, ...parts] = HEX.exec(text) ?? []
  const [red = 0, green = 0, blue = 0] = parts.map((part) => Number.parseInt(part, 16))
  const most = Math.max(red, green, blue)
  const span = most - Math.min(red, green, blue)
  if (parts.length === 0 || span === 0) return null
  const sixths =
    most === red ? ((green - blue) / span + 6) % 6 : most === green ? (blue - red) / span + 2 : (red - green) / span + 4
  return Math.round(sixths * 60) % 360
}

/**
 * The hue that a form asks for (`panel/components/hue.tsx`): what was typed, unless that is the hue of before and
 * another one was picked. What is no hue is handed on, to be refused.
 */
export const wantedHue = (input: Readonly<Record<string, unknown>>, before: number): string => {
  const typed = textOf(input.theme_hue).trim()
  const picked = textOf(input.swatch)
  if (typed === '' || (typed === String(before) && picked !== '')) return picked === '' ? String(before) : picked
  return /^\d{1,3}$/.test(typed) ? typed : String(hueOfHex(typed) ?? typed)
}
