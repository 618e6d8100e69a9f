import { choice, integer, text } from '../../http/input.ts'
import { isoMoment, isoMomentOrNull } from '../../http/moment.ts'
import { boolean, described, listOf, moment, orNull, record } from '../../http/output.ts'
import { EVENTS } from '../../webhooks/events.ts'
import type { Delivery, Webhook } from './store.ts'

const members = {
  id: integer(1),
  name: text(),
  url: text(),
  events: listOf(choice(EVENTS)),
  enabled: boolean(),
  gone_at: described(orNull(moment()), 'It answered 410 then, and was switched off for that.'),
  previous_secret_until: described(orNull(moment()), 'Until then the secret before signs as well.'),
  created_at: moment(),
  updated_at: moment(),
}

export const WebhookSchema = record('Webhook', members)

export const WebhookWithSecretSchema = record('WebhookWithSecret', {
  ...members,
  secret: described(text(), 'What messages are signed with. It is shown this once.'),
})

/** An explicit list: the secret never leaves but when it is made. `now`: a secret that has ended is not spoken of. */
export const webhookWire = (webhook: Webhook, now: Date) => ({
  id: webhook.id,
  name: webhook.name,
  url: webhook.url,
  events: [...webhook.events],
  enabled: webhook.enabled,
  gone_at: isoMomentOrNull(webhook.goneAt),
  previous_secret_until:
    webhook.previousUntil !== null && webhook.previousUntil > now ? isoMoment(webhook.previousUntil) : null,
  created_at: isoMoment(webhook.createdAt),
  updated_at: isoMoment(webhook.updatedAt),
})

export const STATES = ['waiting', 'delivered', 'dead'] as const

export const DeliverySchema = record('WebhookDelivery', {
  id: integer(1),
  message_id: described(text(), 'What the receiver is told as `Webhook-Id`: the same at every attempt.'),
  event: text(),
  subject: described(text(), 'Whom or what it is about.'),
  attempt: described(integer(1), '1 for the first.'),
  status: described(orNull(integer(100, 999)), 'null: no answer came, and `error` says why.'),
  duration_ms: integer(0),
  answer: described(orNull(text()), 'The first kB of it, without control characters.'),
  error: orNull(text()),
  created_at: moment(),
  state: described(
    orNull(choice(STATES)),
    'What became of the message until now; null: it was a test, or is not kept any more.',
  ),
  next_attempt_at: described(orNull(moment()), 'While it waits.'),
})

export const DeliveryPageSchema = record('WebhookDeliveryPage', {
  data: listOf(DeliverySchema),
  next: described(orNull(integer(1)), 'As `before`, it asks for those that are older; null: there are none.'),
})

export const stateOf = ({ message }: Delivery): (typeof STATES)[number] | null => {
  if (message === null) return null
  if (message.sentAt !== null) return 'delivered'
  return message.deadAt === null ? 'waiting' : 'dead'
}

/** One attempt (behaviour/webhooks.md §5). */
export const deliveryWire = (delivery: Delivery) => {
  const { attempt, message } = delivery
  const state = stateOf(delivery)
  return {
    id: attempt.id,
    message_id: attempt.messageId,
    event: attempt.event,
    subject: attempt.subject,
    attempt: attempt.attempt,
    status: attempt.status,
    duration_ms: attempt.durationMs,
    answer: attempt.answer,
    error: attempt.error,
    created_at: isoMoment(attempt.createdAt),
    state,
    next_attempt_at: state === 'waiting' ? isoMomentOrNull(message?.notBefore ?? null) : null,
  }
}
