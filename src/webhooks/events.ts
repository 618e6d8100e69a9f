import type { Tx } from '../db/db.ts'

/** What webhooks are told of: a closed list, which behaviour/webhooks.md §2 explains. */
export const SPACE_EVENTS = ['space.created', 'space.updated', 'space.deleted'] as const
export type SpaceEvent = (typeof SPACE_EVENTS)[number]

/** What happens in a Space. */
export const OWN_EVENTS = [
  'account.created',
  'account.updated',
  'account.deleted',
  'account.activated',
  'account.blocked',
  'account.provisioned',
  'password.changed',
  'device.removed',
  'call.ended',
  'voicemail.received',
] as const
export type OwnEvent = (typeof OWN_EVENTS)[number]

/** `space.…`: of all Spaces, for those of a super Space alone. */
export const EVENTS = [...OWN_EVENTS, ...SPACE_EVENTS] as const
export type WebhookEvent = (typeof EVENTS)[number]

/** What an administrator sends to see whether somebody listens. */
export const TEST_EVENT = 'webhook.test'

/** Of the form below; it grows only when what is there changes its meaning. */
export const PAYLOAD_VERSION = 1

/** As a Space is named to others. */
export interface NamedSpace {
  readonly domain: string
  readonly host: string
  readonly name: string
}

/** What is kept beside a Space and shown with it tells so of its changes. */
export interface NewsOfSpaces {
  /** In the transaction of the change, after it. */
  changed(tx: Tx, domain: string): Promise<void>
}

/** The body that a webhook gets (behaviour/webhooks.md §3). */
export const payloadOf = (event: {
  readonly type: WebhookEvent | typeof TEST_EVENT
  readonly at: Date
  readonly space: NamedSpace
  readonly data: Readonly<Record<string, unknown>>
}): string => {
  const { type, at, data } = event
  const { domain, host, name } = event.space
  return JSON.stringify({
    type,
    timestamp: at.toISOString(),
    version: PAYLOAD_VERSION,
    space: { domain, host, name },
    data,
  })
}

/** What people call a webhook; without a name, by whom it calls. The rest of its address may be a secret. */
export const webhookName = ({ name, url }: { readonly name: string; readonly url: string }): string =>
  name === '' ? new URL(url).host : name
