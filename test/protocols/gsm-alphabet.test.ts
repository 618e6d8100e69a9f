import { expect, test } from 'bun:test'
import { smsLength } from '../../src/protocols/gsm-alphabet.ts'

const gsm7 = (segments: number) => ({ alphabet: 'gsm7', segments }) as const
const ucs2 = (segments: number) => ({ alphabet: 'ucs2', segments }) as const

test.each([
  ['nothing', '', gsm7(1)],
  ['160 characters fit', 'a'.repeat(160), gsm7(1)],
  ['161 do not', 'a'.repeat(161), gsm7(2)],
  ['two parts have room for 306', 'a'.repeat(306), gsm7(2)],
  ['and not for 307', 'a'.repeat(307), gsm7(3)],
  ['é à ù ò Ñ ß and a line feed are of the alphabet', 'éàùòÑß\n'.repeat(20), gsm7(1)],
  ['€ counts twice', '€'.repeat(80), gsm7(1)],
  ['81 € are too many', '€'.repeat(81), gsm7(2)],
  ['an escape is not torn from its character', `${'a'.repeat(152)}€${'a'.repeat(152)}`, gsm7(3)],
  ['ç is not of the alphabet, Ç is', 'ç', ucs2(1)],
  ['70 letters fit once one is outside', `ê${'a'.repeat(69)}`, ucs2(1)],
  ['71 do not', `ê${'a'.repeat(70)}`, ucs2(2)],
  ['an emoji counts twice', '🦊'.repeat(35), ucs2(1)],
  ['and is not torn apart', '🦊'.repeat(67), ucs2(3)],
  ['Cyrillic', 'П'.repeat(134), ucs2(2)],
])('%s', (_, text, expected) => {
  expect(smsLength(text)).toEqual(expected)
})
