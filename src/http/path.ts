import { AppError } from '../errors.ts'

/** `{id}` of a path: a positive 32-bit integer, or nothing is there (404). */
export const idOf = (text: string): number => {
  const id = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : 0
  if (id < 1 || id > 0x7fffffff) throw new AppError('not_found', 'errors.not_found')
  return id
}
