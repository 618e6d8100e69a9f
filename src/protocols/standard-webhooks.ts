/** How messages to webhooks are signed: https://www.standardwebhooks.com, version 1. */

import { createHmac } from 'node:crypto'

const PREFIX = 'whsec_'

/** A secret as it is written down: from 24 to 64 bytes. */
export const webhookSecret = (bytes: Uint8Array): string => `${PREFIX}${Buffer.from(bytes).toString('base64')}`

const signature = (secret: string, signed: string): string => {
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64')
  return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
}

/** What stands above a body: signed with each of the secrets, so that whoever knows one of them can tell. */
export const webhookHeaders = (
  message: { readonly id: string; readonly at: Date; readonly body: string },
  secrets: readonly string[],
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> => {
  const { id, at, body } = message
  const timestamp = String(Math.floor(at.getTime() / 1000))
  const signatures = secrets.map((secret) => signature(secret, `${id}.${timestamp}.${body}`))
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') }
}
