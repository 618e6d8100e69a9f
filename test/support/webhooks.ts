import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Space } from '../../src/nouns/space.ts'
import { EVENTS, OWN_EVENTS } from '../../src/webhooks/events.ts'
import type { TestApp } from './app.ts'

/** Settings with which webhooks may be on this machine. */
export const WITH_LOCAL_WEBHOOKS = { WEBHOOKS_ALLOW_LOCAL: 'true' }

/** What a receiver got. */
export interface Received {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into payloads of every shape
  readonly json: any
}

export interface Answered {
  readonly status?: number
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

const textOf = async (request: IncomingMessage): Promise<string> => {
  let text = ''
  for await (const piece of request) text += piece
  return text
}

/** A server of somebody's on this machine that takes what it gets, or answers as `answer` says. */
export const receiver = async (answer: (got: Received) => Answered | Promise<Answered> = () => ({})) => {
  const received: Received[] = []
  const server = createServer(async (request, reply) => {
    const body = await textOf(request)
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    const got = { headers, body, json: JSON.parse(body) }
    received.push(got)
    const { status = 204, body: said = '', headers: more = {} } = await answer(got)
    reply.writeHead(status, more).end(said)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    /** Types of what it got, in order. */
    types: () => received.map(({ json }) => json.type as string),
    close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()),
  }
}

export type Receiver = Awaited<ReturnType<typeof receiver>>

/** A webhook of a Space that hears of everything that it may, and its secret. */
export const webhookOf = async (
  t: TestApp,
  space: Space,
  url: string,
  more: { readonly events?: readonly string[]; readonly enabled?: boolean } = {},
): Promise<{ id: number; secret: string }> => {
  const { events = space.super ? EVENTS : OWN_EVENTS, enabled = true } = more
  const secret = `whsec_${Buffer.from(t.world.random(32)).toString('base64')}`
  const stamps = { createdAt: t.clock.now, updatedAt: t.clock.now }
  const row = {
    spaceId: space.id,
    name: 'Ledger',
    url,
    events,
    enabled,
    sealed: t.parts.secrets.seal(secret),
    ...stamps,
  }
  const [made] = await t.db.transaction((tx) => tx.insert(t.db.tables.webhooks).values(row).returning())
  t.parts.webhookNews.forget()
  return { id: made?.id ?? 0, secret }
}

/** A webhook that is nowhere, with a message that was given up; both as paths name them. */
export const withWebhook = async (t: TestApp, space: Space): Promise<{ webhook: string; delivery: string }> => {
  // An address of documents, RFC 5737: nobody is asked.
  const { id } = await webhookOf(t, space, 'https://192.0.2.1/', { events: ['call.ended'] })
  const { outboxMessages, webhookAttempts } = t.db.tables
  const stamps = { createdAt: t.clock.now, updatedAt: t.clock.now }
  const data = t.parts.secrets.seal(JSON.stringify({ id: 'msg_1', subject: 'call 1', body: '{}' }))
  const told = { channel: 'webhook', kind: 'call.ended', webhookId: id, recipient: `webhook ${id} call 1` } as const
  const sent = { messageId: 'msg_1', event: 'call.ended', subject: 'call 1', attempt: 10, error: 'late', durationMs: 1 }
  return t.db.transaction(async (tx) => {
    const dead = { notBefore: t.clock.now, deadAt: t.clock.now, language: 'en' as const, data, ...stamps }
    const [message] = await tx
      .insert(outboxMessages)
      .values({ ...told, ...dead })
      .returning()
    const [attempt] = await tx
      .insert(webhookAttempts)
      .values({ ...sent, webhookId: id, outboxMessageId: message?.id ?? 0, createdAt: t.clock.now })
      .returning()
    return { webhook: String(id), delivery: String(attempt?.id) }
  })
}
