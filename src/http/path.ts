import { AppError } from '../errors.ts'
import type { MessageId } from '../messages/messages.ts'

/**
 * `{id}` of a path: a positive 32-bit integer, as all ids are. Of anything else there is none (404), in the words of
 * `unknown`.
 */
export const idOf = (text: string, unknown: MessageId = 'account.unknown'): number => {
  const id = /^[1-9]\d{0,9}$/.test(text) ? Number(text) : 0
  if (id < 1 || id > 0x7fffffff) throw new AppError('not_found', unknown)
  return id
}
