import { expect } from 'bun:test'
import { journey, LOOKS } from '../support/journey.ts'

// A new colleague: an administrator creates an account, sends or shows what sets its phone up, and goes on to the next one.

journey('an administrator creates an account', {
  needs: ['zbarimg'],
  settings: { MAIL_DRIVER: 'null', MAIL_FROM_ADDRESS: 'sip@example.org' },
  walk: async (at) => {
    const { page, t, look } = at
    const username = `10${1 + LOOKS.indexOf(look)}`
    await at.signIn()
    await at.open('/admin/accounts')
    await page.click('main a[href="/admin/accounts/create"]')
    expect(await page.locator('#password').isVisible()).toBe(false)
    await at.sees('form')
    await at.send({ username: 'Front Desk' })
    await at.sees('refused')
    expect(await page.getAttribute('[name=username]', 'aria-invalid')).toBe('true')
    expect(await page.inputValue('[name=username]')).toBe('Front Desk')

    await at.send({ username, display_name: 'Amara Nwosu' })
    await at.reads(t('flash.account_created'))
    expect(await page.textContent('h1')).toBe('Amara Nwosu')

    // The code lets in whoever scans it: it is folded until somebody wants it.
    const code = page.locator('.qr img')
    expect(await code.isVisible()).toBe(false)
    await page.click(`text=${t('dashboard.show_code')}`)
    expect(await code.isVisible()).toBe(true)
    await at.sees('made')
    expect(await at.scan(code)).toBe(await page.inputValue('#link'))
    expect(await page.inputValue('#link')).toMatch(/\/provisioning\/\w{13}$/)

    await at.open('/admin/accounts/create')
    await page.fill('[name=email]', `desk${username}@example.org`)
    await page.check('[name=mails]')
    await page.check('[name=another]')
    await at.send({ username: `${username}0` })
    await at.reads(t('flash.account_created_mailed'))
    expect([await page.inputValue('[name=username]'), await page.isChecked('[name=another]')]).toEqual(['', true])
    await at.open(`/admin/accounts?search=${username}0`)
    expect(await page.textContent('main table')).toContain(`${username}0`)
  },
})
