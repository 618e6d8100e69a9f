import { expect, setDefaultTimeout } from 'bun:test'
import { smtpServer } from '../mail/smtp.ts'
import { journey } from '../support/journey.ts'
import { picture } from '../support/picture.ts'

// A super administrator opens a Space for somebody else, gives it its look and its servers, and takes it away again.

setDefaultTimeout(60_000)

journey('Spaces', {
  settings: { MAIL_DRIVER: 'smtp', MAIL_SPACE_HOSTS_ALLOW: '127.0.0.1', MAIL_FROM_ADDRESS: 'sip@example.org' },
  around: async () => {
    const smtp = await smtpServer({ login: { user: 'mailer', password: 'correct-horse' } })
    return { settings: {}, own: smtp, end: () => smtp[Symbol.asyncDispose]() }
  },
  walk: async ({ page, look, api, t, open, send, signIn, reads, sees }, smtp) => {
    const [domain, name] = [`${look.name}.example.org`, `Alpha ${look.name}`]
    await signIn()
    // Where a test mail goes.
    const me = await api('GET', '/accounts/me')
    await open(`/admin/accounts/${me.id}/edit`)
    await send({ email: 'admin@example.org' })
    await open('/admin/spaces/create')
    if (look.scripts) await sees('create')
    await send({ name, domain, host: look.name })
    // Its first administrator comes next.
    expect(new URL(page.url()).searchParams.get('domain')).toBe(domain)
    await page.fill('main [name=username]', 'boss')
    await page.click('main form button[type=submit]')
    expect((await api('GET', `/spaces/${domain}`)).host).toBe(`${look.name}.localhost`)
    await open(`/admin/spaces?search=${encodeURIComponent(name)}`)
    await page.click(`main th a:has-text("${name}")`)
    const at = new URL(page.url()).pathname
    await reads('boss')
    await open(`${at}/configuration`)
    await page.setInputFiles('[name=logo]', {
      name: 'logo.png',
      mimeType: 'image/png',
      buffer: Buffer.from(picture({ width: 96, height: 96 })),
    })
    await page.check('[name=swatch][value="200"]')
    if (look.scripts) await page.waitForSelector('.preview img.chosen')
    await sees('look')
    await send({ intro_registration_text: '**Alpha**' })
    await reads('Alpha')
    const { logo, theme_hue: hue } = await api('GET', `/spaces/${domain}`)
    expect([logo, hue]).toEqual([expect.stringMatching(/\.png$/), 200])

    await open(`${at}/edit`)
    await page.uncheck('[name=chat]')
    await send()
    await open(`${at}/administration`)
    await send({ max_accounts: '1', expire_at: '2099-01-31' })
    if (look.scripts) await sees('administration')
    await open(at)
    expect(await page.isVisible('main .meter, main meter, main [role=meter]')).toBe(true)
    await open(`${at}/digest`)
    await send()

    await open(`${at}/email`)
    await page.selectOption('[name=encryption]', 'none')
    await send({ host: '127.0.0.1', port: String(smtp.port), username: 'mailer', password: 'wrong-horse' })
    await open(`${at}/email`)
    await page.click(`form[action$="${at}/email/test"] button`)
    await reads('535')
    if (look.scripts) await sees('transcript')
    await open(`${at}/carddavs/create`)
    await send({ uri: 'https://dav.example.org/' })
    await open(`${at}/contacts_lists/create`)
    await send({ title: 'Sales' })
    const made = await api('GET', `/spaces/${domain}`)
    expect(made).toMatchObject({
      disable_chat_feature: true,
      max_accounts: 1,
      expire_at: '2099-01-31T00:00:00.000000Z',
      email_server: { host: '127.0.0.1', username: 'mailer' },
      carddav_servers: [{ uri: 'https://dav.example.org/' }],
    })

    await open(`${at}/administration`)
    await page.click('main a[href*="/admin/spaces/delete/"]')
    await reads(t('space_delete.lists', { count: 1 }))
    await sees('question')
    await send({ domain: 'sip.example.org' })
    expect((await api('GET', `/spaces/${domain}`)).purge_at).toBeNull()
    await send({ domain })
    await reads(t('spaces.closed'))
    await sees('closed')
    expect((await api('GET', `/spaces/${domain}`)).purge_at).not.toBeNull()
    await open(`/admin/spaces?search=${encodeURIComponent(name)}`)
    await sees('list')
    await page.click('form[action$="/reopen"] button')
    expect(await api('GET', `/spaces/${domain}`)).toEqual({ ...made, updated_at: expect.any(String) })
  },
})
