import type { Config } from '../../config/config.ts'
import { AppError, invalid } from '../../errors.ts'
import { form, parsed, read, text } from '../../http/input.ts'
import type { Logging } from '../../logging/logging.ts'
import type { Visit } from '../../nouns/visit.ts'
import { isSipUri } from '../../protocols/sip-address.ts'
import { sentenceOf } from '../../thrown.ts'
import { askSocket, reachSocket } from '../../unix-socket.ts'

const LONGEST_ADDRESS = 512
const LONGEST_BODY = 4096
const LIMIT_MS = 5_000
/** More wait at most a minute; others hear that it is busy. */
const MOST_WAITING = 10
/** The daemon takes one connection at a time, and a moment to notice the end of one. */
const PAUSE_MS = 50

/** What it must not hold goes to the daemon as a command of its own, or as another word of this one. */
const addressIn = (written: string): string | null => {
  const address = written.replace(/^sip:/i, '')
  return /^[^\s\p{Cc}@]+@[^\s\p{Cc}@]+$/u.test(address) && isSipUri(`sip:${address}`) ? address : null
}

export const NewSipMessage = form({
  to: parsed(LONGEST_ADDRESS, 'v.sip_uri', 'alice01@sip.example.org', addressIn),
  body: text({ max: LONGEST_BODY }),
})

/** `Name: value` lines, ended as they like, as linphone-daemon answers. */
const membersOf = (answer: string): ReadonlyMap<string, string> =>
  new Map(
    answer.split(/[\r\n]+/).flatMap((line) => {
      const [, name, value] = /^([^:]+):\s*(.*)$/.exec(line) ?? []
      return name === undefined || value === undefined ? [] : [[name.trim(), value.trim()] as const]
    }),
  )

/** The daemon keeps the connection open: the answer is there with the line that belongs to its status. */
const isWhole = (answer: string): boolean =>
  /(^|[\r\n])(Id|Reason):[^\r\n]*[\r\n]/.test(answer) && /(^|[\r\n])Status:[^\r\n]*[\r\n]/.test(answer)

/** SIP messages that leave through a linphone-daemon on this machine (behaviour/telephony.md §12). */
export const sipMessages = ({ config, log }: { config: Config; log: Logging }) => {
  const socket = config.APP_LINPHONE_DAEMON_UNIX_PATH
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0

  const inTurn = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (waiting >= MOST_WAITING) throw new AppError('unavailable', 'sip_message.busy')
    waiting += 1
    const turn = last.then(work, work).finally(() => {
      waiting -= 1
    })
    last = turn.catch(() => {})
    return turn
  }

  /** A connection that the daemon turns away is closed without a word, and nothing was read of it. */
  const ask = async (path: string, line: string): Promise<string> => {
    const deadline = performance.now() + LIMIT_MS
    for (;;) {
      const limitMs = Math.max(1, Math.round(deadline - performance.now()))
      const answer = await askSocket(path, line, { limitMs, isWhole }).catch((error) => {
        if (!/ECONNRESET|EPIPE/.test(sentenceOf(error))) throw error
        return ''
      })
      if (answer !== '' || performance.now() + PAUSE_MS >= deadline) return answer
      await Bun.sleep(PAUSE_MS)
    }
  }

  return {
    isOn: socket !== null,
    /** Resolves to the id that the daemon gave the message; 422 on `to` with its reason where it sends none. */
    send: async (visit: Visit): Promise<{ id: string }> => {
      const input = read(NewSipMessage, visit.input)
      if (/[\r\n]/.test(input.values.body ?? '')) input.refuse('body', { id: 'v.one_line' })
      const { to, body } = input.settle()
      if (socket === null) throw new AppError('not_found', 'errors.not_found')
      const answer = await inTurn(() => ask(socket, `message sip:${to} ${body}`)).catch((error: unknown) => {
        if (error instanceof AppError) throw error
        log.app.warn('the linphone-daemon did not take a message', { socket, reason: sentenceOf(error) })
        throw invalid('to', 'sip_message.failed')
      })
      const members = membersOf(answer)
      const id = members.get('Id')
      if (members.get('Status') === 'Ok' && id !== undefined) return { id }
      log.app.warn('the linphone-daemon did not send a message', {
        socket,
        reason: members.get('Reason') ?? 'no status',
      })
      const reason = members.get('Status') === 'Error' ? members.get('Reason') : undefined
      throw reason === undefined
        ? invalid('to', 'sip_message.failed')
        : invalid('to', 'sip_message.refused', { reason })
    },
    /** For `doctor`: whether somebody listens. Null: there is no daemon. */
    check: async () => {
      const name = 'linphone-daemon'
      if (socket === null) return { name, ok: true, detail: 'not configured; no SIP messages are sent' }
      try {
        await reachSocket(socket)
        return { name, ok: true, detail: `listens on ${socket}` }
      } catch (error) {
        return { name, ok: false, detail: `${socket}: ${sentenceOf(error)}` }
      }
    },
  }
}

export type SipMessages = ReturnType<typeof sipMessages>
