import type { Audit } from '../audit/audit.ts'
import { isOrphan } from '../db/collision.ts'
import type { Db } from '../db/db.ts'
import type { Logging } from '../logging/logging.ts'
import { type Channel, type OutgoingMessage, PermanentFailure } from '../outbox/messages.ts'
import type { Outgoing } from '../outgoing/outgoing.ts'
import { webhookHeaders } from '../protocols/standard-webhooks.ts'
import type { Secrets } from '../secrets.ts'
import { sentenceOf } from '../thrown.ts'
import { payloadOf, TEST_EVENT, webhookName } from './events.ts'
import type { WebhookNews } from './news.ts'
import { type Attempt, type WebhookRow, webhookStore } from './store.ts'

/** For everything together, from the look at its name to the end of its answer. */
const TIMEOUT_MS = 15_000

/** Characters of an answer, of an error. */
const MOST_KEPT = 1024

const GONE = 410

/** Who switches off what is gone. */
const JOB = { job: 'webhooks' } as const

/** What is sent at an attempt. */
interface Sent extends Pick<Attempt, 'outboxMessageId' | 'messageId' | 'event' | 'subject' | 'attempt'> {
  readonly body: string
}

const isTaken = ({ status }: Pick<Attempt, 'status'>): boolean => status !== null && status >= 200 && status < 300

/**
 * Brings messages to webhooks (behaviour/webhooks.md §4): each attempt is signed anew, and leaves a row that says what
 * came of it.
 */
export const webhookDelivery = (deps: {
  db: Db
  secrets: Secrets
  webhookNews: WebhookNews
  outgoing: Outgoing
  audit: Audit
  log: Logging
  now: () => Date
}) => {
  const { db, secrets, webhookNews, outgoing, audit, log, now } = deps
  const store = webhookStore(db)
  const ending = new AbortController()

  const secretsOf = ({ sealed, sealedPrevious, previousUntil }: WebhookRow): string[] => {
    const isRotating = sealedPrevious !== null && previousUntil !== null && previousUntil > now()
    return [sealed, ...(isRotating ? [sealedPrevious] : [])].map((secret) => secrets.open(secret))
  }

  const post = async (target: WebhookRow, { messageId: id, body }: Sent) => {
    const headers = {
      ...webhookHeaders({ id, at: now(), body }, secretsOf(target)),
      'content-type': 'application/json',
    }
    const started = performance.now()
    try {
      const options = { headers: { ...headers, 'user-agent': 'sipkeeper' }, body, timeoutMs: TIMEOUT_MS }
      const { status, head, durationMs } = await outgoing.post(target.url, { ...options, signal: ending.signal })
      return { status, answer: head.slice(0, MOST_KEPT), error: null, durationMs }
    } catch (error) {
      const durationMs = Math.round(performance.now() - started)
      return { status: null, answer: null, error: sentenceOf(error).slice(0, MOST_KEPT), durationMs }
    }
  }

  const record = async (target: WebhookRow, { body: _, ...sent }: Sent, came: Awaited<ReturnType<typeof post>>) => {
    const row = { ...sent, ...came, webhookId: target.id, createdAt: now() }
    try {
      return await db.transaction((tx) => store.addAttempt(tx, row))
    } catch (error) {
      // Somebody deleted the webhook meanwhile; otherwise the database is away, and what was delivered stays so.
      if (!isOrphan(error)) log.app.warn('an attempt to reach a webhook is not recorded', { webhook: target.id, error })
      return { ...row, id: 0 }
    }
  }

  const attempt = async (target: WebhookRow, sent: Sent): Promise<Attempt> =>
    record(target, sent, await post(target, sent))

  /** Nobody is there any more, and will not be: it is not asked again until somebody switches it on. */
  const switchOff = ({ id, spaceId, ...target }: WebhookRow): Promise<void> =>
    db.transaction(async (tx) => {
      if (!(await store.switchOff(tx, id, now()))) return
      db.afterCommit(tx, webhookNews.forget)
      const changed = { enabled: [true, false] } as const
      const space = await store.space(tx, spaceId)
      const about = { kind: 'webhook', id, name: webhookName(target) } as const
      const how = { by: JOB, space, about, changed, detail: { reason: 'gone' }, line: { webhook: id } }
      await audit.record(tx, 'webhook.updated', how)
    })

  const dispatch = async ({ id, kind, webhookId, attempt: number, data }: OutgoingMessage): Promise<void> => {
    const target = webhookId === null ? null : await store.target(db.read, webhookId)
    if (target === null) throw new PermanentFailure('the webhook was deleted')
    const said = { messageId: String(data.id), subject: String(data.subject), body: String(data.body) }
    const sent: Sent = { ...said, outboxMessageId: id, event: kind, attempt: number }
    if (!target.enabled) {
      const error = 'the webhook is switched off'
      await record(target, sent, { status: null, answer: null, error, durationMs: 0 })
      throw new PermanentFailure(error)
    }
    const made = await attempt(target, sent)
    if (isTaken(made)) return
    if (made.status !== GONE) throw new Error(made.error ?? `it answered ${made.status}`)
    await switchOff(target)
    throw new PermanentFailure(`it answered ${GONE}`)
  }

  const channel: Channel = {
    id: 'webhook',
    dispatch,
    close: async () => ending.abort(),
  }

  return {
    channel,
    /** One event that says nothing, now and once, whatever becomes of it. */
    test: (target: WebhookRow, space: Parameters<typeof payloadOf>[0]['space']): Promise<Attempt> =>
      attempt(target, {
        outboxMessageId: null,
        messageId: `msg_${secrets.token(24)}`,
        event: TEST_EVENT,
        subject: 'test',
        attempt: 1,
        body: payloadOf({ type: TEST_EVENT, at: now(), space, data: { webhook: target.id } }),
      }),
  }
}

export type WebhookDelivery = ReturnType<typeof webhookDelivery>
