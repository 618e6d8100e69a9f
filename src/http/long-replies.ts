import { AppError } from '../errors.ts'
import type { Logging } from '../logging/logging.ts'
import type { Caller } from '../nouns/caller.ts'

/** What waits in memory for a reader that takes its time. Longer replies are made while they are taken. */
const WHOLE_CHARACTERS = 65_536

/** A reader that has taken nothing for so long has gone, or means no good. */
const STALLED_MS = 10_000
const COME_AGAIN_SECONDS = 5

interface Running {
  takenAt: number
  end(): void
}

/** A text in pieces that a connection takes one by one. */
export function* piecesOf(text: string): Iterable<string> {
  for (let at = 0; at < text.length; ) {
    // Never between the halves of a surrogate pair.
    const end = text.charCodeAt(at + WHOLE_CHARACTERS - 1) >> 10 === 0x36 ? WHOLE_CHARACTERS - 1 : WHOLE_CHARACTERS
    yield text.slice(at, at + end)
    at += end
  }
}

/**
 * Replies of any length. What is short leaves whole, with its `Content-Length`; what is long leaves chunked, is never
 * in memory as a whole, and an account gets one at a time: a second one is refused with `rate_limited`, unless the
 * reader of the first has stopped reading, which ends that one. Phones read chunked address books to their end (tried
 * with Linphone 5.1).
 */
export const longReplies = (deps: { log: Logging; now: () => Date }) => {
  const { log, now } = deps
  const running = new Map<number, Running>()

  const refuseSecond = (account: number): void => {
    const other = running.get(account)
    if (other === undefined) return
    if (now().getTime() - other.takenAt < STALLED_MS) {
      const seconds = COME_AGAIN_SECONDS
      throw new AppError('rate_limited', 'errors.rate_limited', { values: { seconds }, retryAfterSeconds: seconds })
    }
    other.end()
  }

  const streamed = (account: number, begun: string, rest: AsyncIterator<string>): ReadableStream<Uint8Array> => {
    const encoder = new TextEncoder()
    let first: string | null = begun
    let close = () => {}
    const own: Running = { takenAt: now().getTime(), end: () => close() }
    const leave = () => {
      if (running.get(account) === own) running.delete(account)
      void rest.return?.()
    }
    running.set(account, own)
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          close = () => {
            leave()
            controller.error(new Error('another reply began'))
          }
        },
        pull: async (controller) => {
          own.takenAt = now().getTime()
          try {
            const next = first === null ? await rest.next() : { value: first, done: false }
            first = null
            if (next.done !== true) return controller.enqueue(encoder.encode(next.value))
            leave()
            controller.close()
          } catch (error) {
            // The connection is cut: whoever reads must not take half of it for all.
            log.app.error('a long reply was cut off', { error })
            leave()
            controller.error(error)
          }
        },
        cancel: leave,
      },
      { highWaterMark: 0 },
    )
  }

  return {
    /** `as`: makes the reply of its body. */
    send: async (
      caller: Pick<Caller, 'id'>,
      pieces: AsyncIterable<string>,
      as: (body: string | ReadableStream<Uint8Array>) => Response,
    ): Promise<Response> => {
      refuseSecond(caller.id)
      const iterator = pieces[Symbol.asyncIterator]()
      let begun = ''
      while (begun.length <= WHOLE_CHARACTERS) {
        const next = await iterator.next()
        if (next.done === true) return as(begun)
        begun += next.value
      }
      refuseSecond(caller.id)
      return as(streamed(caller.id, begun, iterator))
    },
  }
}

export type LongReplies = ReturnType<typeof longReplies>
