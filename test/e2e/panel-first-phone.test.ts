import { expect } from 'bun:test'
import { smtpServer } from '../mail/smtp.ts'
import { eventually } from '../support/eventually.ts'
import { journey, LOOKS } from '../support/journey.ts'
import { entry, linphone } from '../support/linphone.ts'

// Somebody has started the program on a machine where nothing is, and is done when a phone has an account. What they
// leave out on the way is still called missing afterwards.

const START = '/admin/get-started'

journey('from an empty machine to the first phone', {
  needs: ['zbarimg', 'linphonec'],
  alone: true,
  around: async () => {
    const smtp = await smtpServer()
    return { settings: { MAIL_SPACE_HOSTS_ALLOW: '127.0.0.1' }, own: smtp, end: () => smtp.close() }
  },
  walk: async (at, smtp) => {
    const { page, t, look } = at
    const missing = async (count: number) => {
      await at.open(START)
      await at.reads(count === 0 ? t('get_started.all_done') : t('get_started.why', { count }))
      expect(await page.locator(`main .chip:text-is("${t('get_started.missing')}")`).count()).toBe(count)
    }
    const step = (to: string) => page.click(`main a.button[href="${to}"]`)

    await at.open('/')
    await at.send({ username: 'admin', password: at.admin.password })
    await page.click(`main a[href="${START}"]`)
    await missing(4)
    await at.sees('missing')

    // Countries and the mail server are left for later.
    await step('/admin/accounts/create')
    await at.send({ username: '101', display_name: 'Amara Nwosu' })
    await missing(3)
    await step('/admin/accounts')
    await page.click('main table a:has-text("Amara Nwosu")')
    const account = new URL(page.url()).pathname
    await page.click(`main summary:has-text("${t('dashboard.show_code')}")`)
    await at.sees('code')
    const url = await at.scan(page.locator('.qr img'))
    expect(url).toStartWith(`${at.running.base}/provisioning/`)
    // It takes its time, and knows nothing of languages and widths.
    if ([LOOKS.at(0), LOOKS.at(-1)].includes(look)) {
      const phone = linphone()
      const { output, rc } = await phone.start((held) => held.includes('[auth_info_0]'), url)
      expect(output).toContain('sip:101@localhost')
      expect(entry(rc, 'proxy_0', 'reg_identity')).toBe('"Amara Nwosu" <sip:101@localhost>')
      phone.remove()
    } else {
      expect((await fetch(url, { headers: { 'x-linphone-provisioning': 'true' } })).status).toBe(200)
    }
    await at.open(account)
    await at.reads(t('account_state.was_set_up'))
    await missing(2)
    await at.sees('skipped')

    await step('/admin/phone_countries')
    await page.fill('[name=search]', 'France')
    if (!look.scripts) await page.click('search button')
    await page.waitForURL(/search=France/)
    await page.locator('main table form button').first().click()
    await at.sees('countries')
    await missing(1)

    await step('/admin/spaces/me/email')
    await page.selectOption('[name=encryption]', 'none')
    await at.send({ host: '127.0.0.1', port: String(smtp.port), from_address: 'sip@example.org' })
    await at.reads(t('flash.email_server_saved'))
    // A test mail goes to whoever asks for it, who has no address yet.
    await at.reads(t('space_email.test_nowhere'))
    await at.sees('mail-server')
    await step('/email/change')
    const address = `${look.name}@example.org`
    const mailsTo = () => smtp.received.filter(({ envelope }) => envelope.to.includes(address))
    await at.send({ email: address })
    await eventually(() => mailsTo().length === 1)
    const code = /\b(\d{4})\b/.exec(mailsTo()[0]?.mail.text ?? '')?.[1] ?? ''
    // Scripts put a box for each digit in place of the field.
    await page.click(look.scripts ? '.boxes > input:first-child' : '[name=code]')
    await page.keyboard.type(code)
    await page.click('main form button[type=submit]')
    await at.open('/admin/spaces/me/email')
    await page.click(`main button:has-text("${t('space_email.send_test')}")`)
    await at.reads(t('flash.test_mail_sent'))
    expect(mailsTo()).toHaveLength(2)
    await missing(0)
    await at.sees('done')
    await at.open('/admin/spaces/me')
    expect(await page.locator(`main a[href="${START}"]`).count()).toBe(0)
  },
})
