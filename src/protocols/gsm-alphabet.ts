/** How an SMS is coded, and how many it takes: 3GPP TS 23.038 §6.2.1 (the alphabet), 23.040 §9.2.3.24.1 (its parts). */

export interface SmsLength {
  readonly alphabet: 'gsm7' | 'ucs2'
  readonly segments: number
}

/** One character outside the alphabet, such as ê, more than halves the room for all of them. */
export function smsLength(text: string): SmsLength {
  const characters = [...text]
  const isGsm = characters.every((character) => BASIC.has(character) || EXTENDED.has(character))
  const widths = characters.map((character) => (isGsm ? (EXTENDED.has(character) ? 2 : 1) : character.length))
  const [alone, part] = isGsm ? [160, 153] : [70, 67]
  const alphabet = isGsm ? 'gsm7' : 'ucs2'
  if (widths.reduce((sum, width) => sum + width, 0) <= alone) return { alphabet, segments: 1 }
  let segments = 1
  let used = 0
  for (const width of widths) {
    // A character of two units is not torn apart.
    if (used + width > part) {
      segments += 1
      used = 0
    }
    used += width
  }
  return { alphabet, segments }
}

const BASIC: ReadonlySet<string> = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
)

/** Behind an escape: two units each. */
const EXTENDED: ReadonlySet<string> = new Set('\f^{}\\[~]|€')
