import { expect } from 'bun:test'
import { startRedis } from '../registrar/servers.ts'
import { journey } from '../support/journey.ts'

// "It does not ring": an administrator is called, reads why, and mends it while the caller waits.

const PHONE = 'urn:uuid:8f2c1f0e-5b7a-4c1d-9a55-0d2f6a1b7c33'

journey('an administrator who is called reads why, and mends it', {
  needs: ['redis-server'],
  around: async () => {
    const redis = await startRedis()
    const settings = { REDIS_URL: redis.url, MAIL_DRIVER: 'null', MAIL_FROM_ADDRESS: 'sip@example.org' }
    return { settings, own: redis, end: () => redis.stop() }
  },
  walk: async (at, redis) => {
    const { page, t } = at
    const username = `caller-${at.look.name}`
    const caller = { username, password: 'correct-horse', algorithm: 'SHA-256', blocked: true }
    const { id } = await at.api('POST', '/accounts', { ...caller, email: `${username}@example.org` })
    const path = `/admin/accounts/${id}`
    const fault = () => page.textContent('main .note.bad b')
    await at.signIn()

    await at.open(path)
    expect(await fault()).toBe(t('account_state.blocked'))
    await at.sees('blocked')
    await page.click('main .note.bad button')
    expect(await fault()).toBe(t('account_state.waiting'))
    await page.click('main .note.bad button')
    await at.reads(t('account_state.new'))

    const updatedAt = Math.floor(Date.now() / 1000)
    const userAgent = 'LinphoneAndroid/5.2.1 (Pixel 8) LinphoneSDK/5.3'
    await redis.register(`${username}@sip.example.org`, PHONE, { updatedAt, userAgent })
    await at.open(path)
    await at.reads(t('account_state.title'))
    await at.reads('LinphoneAndroid 5.2.1 Pixel 8')
    await at.sees('rings')

    await page.click('main a[href*="/devices/"]')
    await at.sees('device')
    await at.send()
    await at.reads(t('flash.device_removed'))

    await page.click(`main summary:has-text("${t('account_page.more')}")`)
    await page.click(`main .menu-list >> text=${t('account_mail.reset')}`)
    await at.reads(`${username}@example.org`)
    await at.sees('reset')
    await at.send()
    await at.reads(t('flash.reset_mailed'))
    await page.click('main nav.tabs a >> nth=-1')
    await at.sees('activity')
  },
})
