import { describe, expect, test } from 'bun:test'
import { prepared, serve } from '../support/executable.ts'
import { hasKamailio, startKamailio } from '../support/kamailio.ts'

describe.skipIf(!hasKamailio())('a call through a real Kamailio', () => {
  test('goes where the rules of whom it is for say, and where it was meant to when there is nothing to say', async () => {
    const place = await prepared()
    const running = await serve(place)
    const headers = { 'x-api-key': place.admin.api_key, 'content-type': 'application/json' }
    const post = async (path: string, body: object = {}) => {
      const reply = await fetch(`${running.base}/api${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
      const text = await reply.text()
      if (!reply.ok) throw new Error(`${path}: ${reply.status} ${text}`)
      return text === '' ? null : JSON.parse(text)
    }
    const account = async (username: string): Promise<number> =>
      (await post('/accounts', { username, password: 'correct-horse', algorithm: 'SHA-256' })).id
    const forward = (id: number, rule: object) => post(`/accounts/${id}/call_forwardings`, { enabled: true, ...rule })
    const sip = (name: string) => `sip:${name}@sip.example.org`

    await account('carol.1')
    const friend = await account('dave.1')
    const [known, away, later, off] = [
      await account('erin.1'),
      await account('frank.1'),
      await account('grace.1'),
      await account('heidi.1'),
    ]
    await post(`/accounts/${known}/contacts/${friend}`)
    const { id: rule } = await forward(known, { type: 'always', forward_to: 'contact', contact_id: friend })
    await forward(away, { type: 'always', forward_to: 'sip_uri', sip_uri: 'sip:+33612345678@carrier.example' })
    // Neither diverts a call before anybody has not answered it.
    await forward(later, { type: 'no_answer', forward_to: 'sip_uri', sip_uri: 'sip:late@carrier.example' })
    await forward(off, { type: 'always', forward_to: 'sip_uri', sip_uri: 'sip:off@carrier.example', enabled: false })

    const kamailio = await startKamailio(running.base, place.admin.api_key)
    try {
      const reached = async (...names: string[]) => {
        const all: unknown[] = []
        for (const name of names) all.push(await kamailio.call(sip(name)))
        return all
      }
      expect(await reached('nobody.1', 'carol.1', 'grace.1', 'heidi.1')).toEqual(
        ['nobody.1', 'carol.1', 'grace.1', 'heidi.1'].map(sip),
      )
      expect(await reached('erin.1', 'frank.1')).toEqual([sip('dave.1'), 'sip:+33612345678@carrier.example'])
      // The contact leaves the address book: from the next call on erin's own phone rings.
      await fetch(`${running.base}/api/accounts/${known}/contacts/${friend}`, { method: 'DELETE', headers })
      const { enabled } = await (
        await fetch(`${running.base}/api/accounts/${known}/call_forwardings/${rule}`, { headers })
      ).json()
      expect([enabled, ...(await reached('erin.1'))]).toEqual([false, sip('erin.1')])
    } finally {
      await kamailio.stop()
      await running.stop()
      await place.remove()
    }
  }, 60_000)
})
