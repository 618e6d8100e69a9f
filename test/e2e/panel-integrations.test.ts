import { expect } from 'bun:test'
import { journey } from '../support/journey.ts'
import { receiver, WITH_LOCAL_WEBHOOKS } from '../support/webhooks.ts'

// An administrator connects a program and a server of somebody else, and reads who did it.

journey('integrations in the panel', {
  around: async () => {
    const server = await receiver()
    return { settings: WITH_LOCAL_WEBHOOKS, own: server, end: () => server.close() }
  },
  walk: async (at, server) => {
    const { page, t, look } = at
    const statusWith = async (key: string): Promise<number> =>
      (await fetch(`${at.running.base}/api/accounts/me`, { headers: { 'x-api-key': key } })).status
    await at.signIn()

    await at.open('/admin/api_keys/create')
    await at.sees('key-form')
    await at.send({ name: `Billing ${look.name}` })
    const key = await page.inputValue('#key')
    expect(await statusWith(key)).toBe(200)
    await page.click('.secret a.button')
    await at.sees('keys')
    const row = page.locator(`tr:has-text("Billing ${look.name}")`)
    await row.locator('summary').click()
    await row.locator('a[href$="/delete"]').click()
    await at.send()
    await at.reads(t('flash.key_revoked'))
    expect(await statusWith(key)).toBe(401)

    await at.open('/admin/webhooks/create')
    await page.check('[value="account.created"]')
    await at.sees('webhook-form')
    await at.send({ name: `Ledger ${look.name}`, url: server.url })
    expect(await page.inputValue('#secret')).toStartWith('whsec_')
    await page.click('.secret a.button')
    await page.click('form[action$="/test"] button')
    await at.reads(t('webhooks.test_taken', { status: 204, ms: '\u0000' }).split('\u0000')[0] ?? '')
    await at.sees('webhook')

    await at.open('/admin/audit_log')
    await at.reads(t('audit.apikey_deleted'))
    await at.sees('audit')
    await at.open('/admin/audit_log/export?action=apikey.deleted')
    await page.fill('[name=current_password]', 'correct-horse')
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('main form button[type=submit]')])
    const [line] = (await Bun.file((await download.path()) ?? '').text()).trim().split('\n')
    expect(JSON.parse(line ?? '')).toMatchObject({ action: 'apikey.deleted', way: 'panel' })
  },
})
