import { afterAll, beforeAll, expect, test } from 'bun:test'
import { listen } from '../../src/http/server.ts'
import { type TestAccount, type TestApp, testApp } from '../support/app.ts'
import { objectsOf, routesOf } from '../support/routes.ts'

// What leaves the socket. liblinphone 5.1 crashes on a reply without header lines and fails on a body without a length.

let t: TestApp
let server: ReturnType<typeof listen>
let root: TestAccount
beforeAll(async () => {
  t = await testApp()
  root = await t.account({ admin: true })
  server = listen({ ...t.config, LISTEN: { kind: 'tcp', host: '127.0.0.1', port: 0 } }, t.front)
})
afterAll(async () => {
  await server.stop(true)
  await t.close()
})

/** 204 and 304 have no body, and so no length (RFC 9110 §8.6). */
const isComplete = ({ status, headers }: Response): boolean =>
  headers.get('content-type') !== null && (status === 204 || status === 304 || headers.get('content-length') !== null)

test('every reply has a type and, where there may be a body, a length: routes, refusals, HEAD, preflight, pages', async () => {
  const own = await objectsOf(t, t.main)
  const cookie = await t.cookie(root)
  const incomplete: unknown[] = []
  const ask = async (method: string, path: string, headers: Record<string, string> = {}) => {
    const reply = await fetch(`http://localhost:${server.port}${path}`, {
      method,
      redirect: 'manual',
      headers: { ...headers, host: headers.host ?? 'localhost' },
    })
    await reply.arrayBuffer()
    if (!isComplete(reply)) incomplete.push([method, path, reply.status, Object.fromEntries(reply.headers)])
    return reply
  }
  for (const route of routesOf(t)) {
    const url = own.urlOf(route)
    const methods = route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]
    for (const method of [...methods, 'OPTIONS', 'PATCH']) {
      for (const headers of [{}, { 'x-api-key': root.key }, { cookie, accept: 'text/html' }]) {
        await ask(method, url, headers as Record<string, string>)
      }
    }
  }
  for (const path of ['/up', '/robots.txt', '/nothing', '/api/nothing', '/provisioning/nothing']) {
    for (const headers of [{}, { accept: 'text/html' }, { host: ':x' }, { host: 'unknown.localhost' }]) {
      for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS'])
        await ask(method, path, headers as Record<string, string>)
    }
  }
  const etag = (await ask('GET', '/api/openapi.json')).headers.get('etag') ?? ''
  expect((await ask('GET', '/api/openapi.json', { 'if-none-match': etag })).status).toBe(304)
  expect(incomplete).toEqual([])
})
