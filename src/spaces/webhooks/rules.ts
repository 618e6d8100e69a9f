import { choices, flag, form, type Input, optional, plainText, text } from '../../http/input.ts'
import type { Space } from '../../nouns/space.ts'
import type { Outgoing } from '../../outgoing/outgoing.ts'
import { EVENTS, SPACE_EVENTS } from '../../webhooks/events.ts'

/** Webhooks of one Space. */
export const MOST_WEBHOOKS = 20

const LONGEST_NAME = 64
const LONGEST_URL = 2048

/** What a webhook is made of, and all of it when it is changed (behaviour/webhooks.md §1). */
export const WebhookForm = form({
  name: plainText(LONGEST_NAME),
  url: text({ max: LONGEST_URL }),
  events: choices(EVENTS),
  enabled: optional(flag()),
})
export type WebhookInput = Input<typeof WebhookForm>

/** What the body says, for a Space; refuses a destination that is not allowed, and events that it does not hear of. */
export const wantedOf = (input: WebhookInput, space: Pick<Space, 'super'>, outgoing: Outgoing) => {
  const { url, events } = input.good
  const refusal = url === null ? null : outgoing.refusalOf(url)
  if (refusal !== null) input.refuse('url', refusal)
  const isOfSpaces = events?.some((event) => SPACE_EVENTS.some((other) => other === event)) ?? false
  if (isOfSpaces && !space.super) input.refuse('events', { id: 'v.super_events' })
  const { enabled, ...wanted } = input.settle()
  return { ...wanted, ...(enabled === null ? {} : { enabled }) }
}
