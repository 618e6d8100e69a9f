import { describe, expect, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigurationError } from '../../src/config/config.ts'
import { compile } from '../../src/mail/template.ts'
import { MAIL_KINDS, SAMPLES } from '../../src/mail/templates/samples.ts'
import { LANGUAGES } from '../../src/messages/messages.ts'
import type { MailKind } from '../../src/outbox/messages.ts'
import { EXAMPLE, mailChannel, message } from './channel.ts'
import { smtpServer } from './smtp.ts'

const COMMON = {
  MAIL_SIGNATURE: 'Your operators',
  MAIL_APP_DOWNLOAD_URL: 'https://get.example.org/app',
  MAIL_HELP_URL: 'https://help.example.org/',
}

describe('every mail, in every language', () => {
  for (const kind of MAIL_KINDS) {
    for (const language of LANGUAGES) {
      test(`${kind} (${language}) says in both parts all there is to say`, async () => {
        await using smtp = await smtpServer()
        const senders = { 1: { ...EXAMPLE, space: { ...EXAMPLE.space, copyrightText: '© 2026 Example' } } }
        await using mail = mailChannel({ senders, env: { MAIL_PORT: String(smtp.port), ...COMMON } })
        await mail.dispatch(message({ kind, language }))
        const read = smtp.received[0]?.mail
        const [subject, text, html] = [read?.subject ?? '', read?.text ?? '', String(read?.html)]
        for (const part of [subject, text, html]) expect(part).not.toMatch(/\{\{|\}\}|undefined|\bnull\b|NaN/)
        expect(subject).toMatch(/^Example\u00a0?: \p{L}/u)
        expect(subject.length).toBeLessThanOrEqual(78)

        const data: Readonly<Record<string, unknown>> = SAMPLES[kind]
        const said = ['Example', 'https://accounts.example.org', '© 2026 Example', ...Object.values(COMMON)]
        // Moments, days and lifetimes are said in words, and switches choose them.
        for (const [name, value] of Object.entries(data)) {
          if (typeof value === 'boolean' || /^(time|days|expire_at|expires_minutes|recorded_at|seconds)$/.test(name))
            continue
          // For templates of operators, for what is enclosed, and for the picture of a QR code.
          if (/^(telephony_url|voicemail|provisioning_link)$/.test(name)) continue
          said.push(String(value))
        }
        for (const part of [text, html]) expect(said.filter((one) => !part.includes(one))).toEqual([])
        for (const secret of [data.code, data.link])
          if (secret !== undefined) expect(subject).not.toContain(String(secret))
        if (typeof data.time === 'string') {
          expect(text).toContain(language === 'en' ? '28 January 2026 at 09:30 UTC' : '28 janvier 2026 à 09:30 UTC')
        }
        expect(html).toContain(`<html lang="${language}">`)
      })
    }
  }
})

const textOf = async (kind: MailKind, data: object, language: 'en' | 'fr' = 'en') => {
  await using mail = mailChannel()
  return (await mail.render(kind, { ...SAMPLES[kind], ...data } as never, { spaceId: 1, language })).text.replaceAll(
    '\u00a0',
    ' ',
  )
}

describe('lifetimes are said', () => {
  const lifetimes: [number, string, string][] = [
    [1, '1 minute', '1 minute'],
    [90, '90 minutes', '90 minutes'],
    [120, '2 hours', '2 heures'],
    [1440, '1 day', '1 jour'],
    [4320, '3 days', '3 jours'],
  ]
  for (const [minutes, english, french] of lifetimes) {
    test(`${minutes} minutes: ${english}, ${french}`, async () => {
      expect(await textOf('email_code', { expires_minutes: minutes })).toContain(`good for ${english}.`)
      expect(await textOf('email_code', { expires_minutes: minutes }, 'fr')).toContain(`valable ${french}.`)
    })
  }
  test('only of what ends', async () => {
    for (const kind of ['email_code', 'recovery_code', 'reset_password', 'provisioning'] as const) {
      expect(await textOf(kind, { expires_minutes: null })).not.toMatch(/good for|within|expires/)
    }
  })
})

describe('the foot', () => {
  const linkless = { 'account.identifier': 'alice@sip.example.org', link: 'https://elsewhere.example.org:8443/x' }

  test('is at the scheme and port of the links above it, and below the base path', async () => {
    await using mail = mailChannel({ env: { BASE_PATH: '/sip', APP_URL: 'https://accounts.example.org/sip' } })
    for (const origin of ['http://accounts.example.org:8080', 'https://accounts.example.org']) {
      const data = { ...SAMPLES.reset_password, link: `${origin}/sip/reset_password/EXAMPLEEXAMPLE16` }
      const { text, html } = await mail.render('reset_password', data, { spaceId: 1, language: 'en' })
      expect(text).toContain(`Sent by Example, ${origin}/sip\n`)
      expect(html).toContain(`href="${origin}/sip"`)
    }
  })

  test('is where PUBLIC_SCHEME and PUBLIC_PORT say for a mail without a link of the Space', async () => {
    await using mail = mailChannel({ env: { PUBLIC_SCHEME: 'http', PUBLIC_PORT: '8080' } })
    const own = { spaceId: 1, language: 'en' } as const
    for (const { text } of [
      await mail.render('recovery_code', SAMPLES.recovery_code, own),
      await mail.render('reset_password', { ...SAMPLES.reset_password, ...linkless }, own),
    ]) {
      expect(text).toContain('Sent by Example, http://accounts.example.org:8080\n')
    }
  })
})

test('the last day of a Space is today, not in 0 days, and never past', async () => {
  const days = { 3: 'in 3 days', 1: 'tomorrow', 0: 'today', [-2]: 'today' }
  for (const [left, words] of Object.entries(days)) {
    expect(await textOf('space_expiring', { days: Number(left) })).toContain(`expires ${words}, on 31 January 2026`)
  }
})

test('the name of a Space gives way to what a mail is about', async () => {
  const name = 'A Space with a name that nobody can remember, let alone read on a phone in the street'
  await using mail = mailChannel({ senders: { 1: { ...EXAMPLE, space: { ...EXAMPLE.space, name } } } })
  const { subject } = await mail.render('test', SAMPLES.test, { spaceId: 1, language: 'en' })
  expect([subject.length <= 78, subject]).toEqual([true, expect.stringMatching(/^A Space with .*…: test mail$/)])
})

describe('a template of one’s own', () => {
  const withFiles = async (
    files: Readonly<Record<string, string>>,
    work: (env: { TEMPLATES_PATH: string }) => unknown,
  ) => {
    const folder = mkdtempSync(join(tmpdir(), 'sipkeeper-test-mail-'))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    try {
      await work({ TEMPLATES_PATH: folder })
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
  const problemsOf = (files: Readonly<Record<string, string>>) => {
    let problems: readonly string[] = []
    return withFiles(files, (env) => {
      try {
        mailChannel({ env })
      } catch (error) {
        if (!(error instanceof ConfigurationError)) throw error
        problems = error.problems.map((problem) => problem.replace(`${env.TEMPLATES_PATH}/`, ''))
      }
    }).then(() => problems)
  }

  test('with mistakes is refused at the start, all of them with file and line', async () => {
    const files = {
      'reset_password.en.txt': 'Hello,\n\n{{lnk}}\n{{#expires_human}}\nsoon',
      'reset_password.subject': 'Your link: {{link}}',
      'email_code.fr.html': '<p>{{code}</p>\n{{/code}}',
    }
    expect((await problemsOf(files)).toSorted()).toEqual([
      'email_code.fr.html:1: "{{" is not part of a placeholder.',
      'email_code.fr.html:2: {{/code}} closes no section.',
      'reset_password.en.txt:3: {{lnk}} is not known here.',
      'reset_password.en.txt:4: the section {{#expires_human}} is not closed.',
      'reset_password.subject:1: {{link}} is not known here.',
    ])
  })

  test('in a directory that is not there is refused at the start', () => {
    expect(() => mailChannel({ env: { TEMPLATES_PATH: '/nonexistent/templates' } })).toThrow('TEMPLATES_PATH cannot')
  })

  test('replaces its part alone: that of the language before that of all', async () => {
    const files = {
      'reset_password.subject': '{{space.name}}: own subject',
      'reset_password.txt': 'own text {{link}}',
      'reset_password.fr.txt': 'texte maison {{link}}',
      'provisioning_custom.blade.php': '<?php',
    }
    await withFiles(files, async (env) => {
      await using mail = mailChannel({ env })
      const rendered = (language: 'en' | 'fr') =>
        mail.render('reset_password', SAMPLES.reset_password, { spaceId: 1, language })
      const [english, french] = [await rendered('en'), await rendered('fr')]
      expect([english.subject, french.subject]).toEqual(Array(2).fill('Example: own subject'))
      expect([english.text, french.text]).toEqual([
        `own text ${SAMPLES.reset_password.link}\n`,
        `texte maison ${SAMPLES.reset_password.link}\n`,
      ])
      expect(english.html).toContain('Choose a password')
      expect(await mail.check()).toContainEqual({
        name: 'mail templates',
        ok: true,
        warns: true,
        detail: 'no template of ours: provisioning_custom.blade.php',
      })
    })
  })
})

describe('a template', () => {
  const render = (source: string, values: Record<string, string | number | boolean | null>) => {
    const { template, problems } = compile(source, 'file', new Set(Object.keys(values)))
    expect(problems).toEqual([])
    return template.render(values, (value) => value.toUpperCase())
  }
  const rows: [string, string, Record<string, string | number | boolean | null>, string][] = [
    ['fits values into their surroundings, not its own text', 'a {{ b }} c', { b: 'b' }, 'a B c'],
    ['leaves out what is null', 'a{{b}}c', { b: null }, 'ac'],
    ['takes 0 for a value', '{{#n}}{{n}}{{/n}}{{^n}}none{{/n}}', { n: 0 }, '0'],
    ['takes false and the empty text for none', '{{#a}}1{{/a}}{{^a}}2{{/a}}{{^b}}3{{/b}}', { a: false, b: '' }, '23'],
    ['nests sections', '{{#a}}{{^b}}x{{/b}}{{/a}}', { a: true, b: false }, 'x'],
    ['takes the line of a section that stands alone', 'a\n{{#b}}\nc\n{{/b}}\nd', { b: true }, 'a\nc\nd'],
    ['does not read values as templates', '{{a}}', { a: '{{b}}' }, '{{B}}'],
    ['reads files of Windows', '{{#a}}\r\nx\r\n{{/a}}\r\n', { a: true }, 'x\n'],
  ]
  for (const [name, source, values, expected] of rows) {
    test(name, () => expect(render(source, values)).toBe(expected))
  }
})
