import { invalid } from '../errors.ts'
import type { Members } from '../nouns/visit.ts'
import { textOf } from './components/fields.tsx'

/** Digits with blanks between them; whatever is longer is no code. */
const LONGEST_TYPED_CODE = 64

/** What was typed into a `CodeField`, or into a field for each digit, as apps and scripts of the reference know the form. */
export const typedCode = (input: Members, digits: number): string => {
  const digitsOf = (value: unknown) => (typeof value === 'number' ? String(value) : textOf(value))
  const boxes = Array.from({ length: digits }, (_, index) => digitsOf(input[`number_${index + 1}`]))
  const typed = digitsOf(input.code ?? boxes.join(''))
  return typed.length > LONGEST_TYPED_CODE ? '' : typed.replaceAll(/\s/g, '')
}

/** The same, for a `form`: what cannot be a code is refused, and is no guess. */
export const wholeCode = (input: Members, digits: number): string => {
  const code = typedCode(input, digits)
  if (code.length !== digits || !/^\d+$/.test(code)) throw invalid('code', 'v.digits', { count: digits })
  return code
}
