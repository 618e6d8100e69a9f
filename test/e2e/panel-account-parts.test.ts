import { expect } from 'bun:test'
import { journey } from '../support/journey.ts'
import { form, wav } from '../support/voice.ts'

// What goes with an account: whom it knows, what its apps keep, its line, its address books, its doors, and its calls.

const DOORBELL = { password: 'correct-horse', algorithm: 'SHA-256', activated: true, dtmf_protocol: 'sipinfo' }

journey('what goes with an account', {
  before: async ({ api }) => {
    const space = await api('GET', '/spaces/sip.example.org')
    const on = { carddav_user_credentials: true, intercom_features: true }
    await api('PUT', '/spaces/sip.example.org', { ...space, ...on })
    await api('POST', '/spaces/sip.example.org/carddavs', { uri: 'https://dav.example/books/', enabled: true })
    await api('POST', '/accounts', { ...DOORBELL, username: 'lovelace', display_name: 'Ada Lovelace' })
  },
  walk: async (at) => {
    const { page, t, look } = at
    const username = `door-${look.name}`
    const account = { ...DOORBELL, username, email: `${username}@example.org` }
    const { id } = await at.api('POST', '/accounts', account)
    const path = `/admin/accounts/${id}`
    await at.signIn()

    await at.open(`${path}/contacts/create`)
    await page.waitForLoadState()
    await page.locator('[name=search]').pressSequentially('lovel')
    if (!look.scripts) await page.click('search button')
    await page.waitForURL(/search=lovel/)
    await page.locator('#candidates >> text=door-').first().waitFor({ state: 'detached' })
    await at.sees('candidates')
    await page.click('#candidates form button')
    await at.reads(t('flash.contact_added'))
    await at.reads('Ada Lovelace')
    await at.sees('contacts')

    await at.open(`${path}/dictionary/create`)
    await at.sees('dictionary-form')
    await at.send({ key: 'doors', value: 'north "gate"' })
    await page.click(`main summary:has-text("${t('dictionary.json')}")`)
    expect(JSON.parse((await page.textContent('main pre code')) ?? '')).toEqual({ doors: 'north "gate"' })

    await at.open(`${path}/external`)
    await at.sees('external')
    await at.send({ username: `ext-${look.name}`, domain: 'carrier.example', password: 'carrier-horse' })
    await at.reads(t('flash.external_saved'))

    await at.open(`${path}/carddavs/create`)
    await at.sees('carddav')
    await at.send({ username: 'door', password: 'dav-horse', realm: 'dav' })
    await at.reads(t('flash.credential_saved'))

    await at.open('/admin/accounts/types/create')
    await at.send({ key: `door-${look.name}` })
    await at.reads(t('flash.type_saved'))
    await at.sees('types')
    await at.open(`${path}/types/create`)
    await page.selectOption('[name=type_id]', { label: `door-${look.name}` })
    await at.send()
    await at.reads(t('flash.type_attached'))
    await at.open(`${path}/actions/create`)
    await at.send({ key: 'open', code: '42' })
    await at.reads(t('flash.action_saved'))
    await at.sees('account')
    expect(await at.api('GET', `/accounts/${id}`)).toMatchObject({
      dictionary: { doors: 'north "gate"' },
      types: [{ key: `door-${look.name}` }],
      actions: [{ key: 'open', code: '42' }],
    })

    // Its callers left a message, and go elsewhere from now on.
    const voicemail = { content_type: 'audio/wav', sip_from: 'sip:carol@sip.example.org' }
    const slot = await at.api('POST', `/accounts/${id}/voicemails`, voicemail)
    const sound = form(wav(3))
    const headers = { 'x-api-key': at.admin.api_key, ...sound.headers }
    const left = await fetch(`${at.running.base}/api/files/${slot.id}`, {
      method: 'POST',
      body: new Uint8Array(sound.body),
      headers,
    })
    expect(left.status).toBe(200)
    await at.open(`${path}/telephony`)
    expect(await page.locator('main audio').count()).toBe(1)
    await at.sees('telephony')
    await page.click('main a[href*="/forwardings"] >> nth=0')
    await at.sees('forwarding')
    await page.check('[name=forward_to][value=sip_uri]')
    await at.send({ sip_uri: 'sip:reception@example.org' })
    await at.reads(t('flash.forwarding_saved'))
    await at.sees('forwarded')
  },
})
