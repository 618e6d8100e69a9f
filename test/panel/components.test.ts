import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type TestApp, testApp } from '../support/app.ts'
import { deletePage, fieldsPage, galleryAnswers, partsPage, peoplePage, refusedForm } from '../support/gallery.tsx'

let t: TestApp
beforeAll(async () => {
  t = await testApp()
})
afterAll(() => t.close())

const at = (path: string) => galleryAnswers(t, `http://localhost${path}`)
const html = async (response: Response | Promise<Response>): Promise<string> => (await response).text()
const list = (query = '') => html(at(`/people${query}`).show(peoplePage))
/** The addresses of links whose text, tags left out, is this. */
const linksTo = (page: string, text: string): string[] =>
  [...page.matchAll(/<a [^>]*?href="([^"]*)"[^>]*>(.*?)<\/a>/g)]
    .filter(([, , inner = '']) => inner.replaceAll(/<[^>]+>/g, '').trim() === text)
    .map(([, href = '']) => href.replaceAll('&amp;', '&'))

describe('every page', () => {
  test('has one h1, landmarks, a way past the menu, and neither styles nor scripts of its own', async () => {
    for (const page of [
      await list(),
      await html(at('/parts').show(partsPage)),
      await html(at('/fields').form(fieldsPage)),
      await html(at('/delete').form(deletePage)),
    ]) {
      expect(page.match(/<h1>/g)).toHaveLength(1)
      for (const part of ['<main id="main">', '<nav class="nav"', '<footer>', '<a class="skip" href="#main">']) {
        expect(page).toContain(part)
      }
      expect(page).not.toMatch(/ style="|<style|<script(?![^>]* src=)| on\w+="/)
      const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
      expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
    }
  })

  test('loads what its parts need, by names that change with their content', async () => {
    const page = await list()
    expect(page).toMatch(/src="\/assets\/\w+-htmx\.js"/)
    expect(page).toContain('<meta name="htmx-config" content="{&quot;allowEval&quot;:false')
    const parts = await html(at('/parts').show(partsPage))
    for (const name of ['local-time.js', 'copy.js']) expect(parts).toContain(`-${name}"`)
    expect(parts).not.toContain('htmx')
  })

  test('says once what was just done, and then forgets it', () => {
    const response = at('/people').show(peoplePage)
    expect(response.headers.getSetCookie().join()).toContain('sipkeeper_flash=;')
  })
})

describe('a list', () => {
  test('sorts by the head that is followed, and the other way by the same again', async () => {
    expect(linksTo(await list(), 'Name')).toEqual(['/people?sort=-name'])
    expect(await list()).toContain('aria-sort="ascending"')
    expect(linksTo(await list('?sort=-name'), 'Name')).toEqual(['/people?sort=name'])
    expect(await list('?sort=-name')).toContain('aria-sort="descending"')
    expect(linksTo(await list('?sort=seen&state=offline&page=3'), 'User name')).toEqual([
      '/people?state=offline&sort=username',
    ])
  })

  test('leads to its other pages and keeps what was chosen', async () => {
    const page = await list('?sort=-seen&state=offline&page=3')
    expect(linksTo(page, 'Next')).toEqual(['/people?state=offline&sort=-seen&page=4'])
    expect(linksTo(page, 'Page 1')).toEqual(['/people?state=offline&sort=-seen'])
    expect(linksTo(page, 'Page 61')).toHaveLength(1)
    expect(page).toContain('41–60 of 1,204')
    expect(linksTo(await list('?page=61'), 'Next')).toEqual([])
    expect(await list('?page=61')).toContain('1,201–1,204 of 1,204')
  })

  test('takes no nonsense from its address', async () => {
    for (const query of [
      '?page=0',
      '?page=-1',
      '?page=x',
      '?sort=password',
      '?sort=-',
      '?page[]=2',
      '?state=',
      '?page=99999999',
    ]) {
      const page = await list(query)
      expect([query, page.includes('1–20 of 1,204')]).toEqual([query, true])
      expect([query, linksTo(page, 'Name')]).toEqual([query, ['/people?sort=-name']])
    }
    expect(await list('?page=9999')).toContain('1,201–1,204 of 1,204')
  })

  test('is searched by a form that works without scripts, and shows what was chosen, each with a way to take it away', async () => {
    const page = await list('?search=%3Cb%3E&state=offline&sort=seen')
    expect(page).toContain('<form class="filters" method="get" action="/people"')
    expect(page).toContain('<input type="hidden" name="sort" value="seen"')
    expect(page).toContain('“&lt;b>”')
    expect(linksTo(page, 'Offline : remove this filter')).toEqual(['/people?search=%3Cb%3E&sort=seen'])
    expect(page).toContain('<option value="offline" selected>')
  })

  test('says why it is empty, and the next step', async () => {
    const page = await list('?state=nonsense')
    expect(page).toContain('<h2>Nobody matches</h2>')
    expect(page).not.toContain('<table')
  })
})

describe('a form', () => {
  test('brings its token, its fields have labels, and what may be left out says so', async () => {
    const page = await html(at('/fields').form(fieldsPage))
    const [form = ''] = /<form method="post" action="\/fields".*?<\/form>/s.exec(page) ?? []
    expect(form).toContain('enctype="multipart/form-data"')
    expect(form).toMatch(/<input type="hidden" name="form_token" value="[0-9a-f]{64}"/)
    for (const [tag] of form.matchAll(/<(?:input|select|textarea)[^>]*>/g)) {
      const id = / id="([^"]+)"/.exec(tag)?.[1]
      const isLabelled =
        id === undefined ? /type="(hidden|radio|checkbox)"/.test(tag) : form.includes(`<label for="${id}">`)
      expect([tag, isLabelled]).toEqual([tag, true])
    }
    expect(form).toContain('E-mail address<small> optional</small>')
    expect(form).not.toContain('aria-invalid')
  })

  test('that was refused says so at each field, keeps what was typed but no secret, and starts at the first', async () => {
    const response = await refusedForm(t, 'http://localhost/refused')
    const page = await response.text()
    expect(response.status).toBe(422)
    expect(page.match(/aria-invalid="true"/g)?.length).toBeGreaterThan(8)
    expect(page.match(/ autofocus/g)).toHaveLength(1)
    expect(page).toContain('<p class="error" id="username-note">')
    expect(page).toContain('value="typed"')
    expect(page).not.toContain('value="secret"')
    expect(page).not.toContain('value="1234"')
  })

  test('about what cannot be undone asks, says what goes and what stays, and has a way back', async () => {
    const page = await html(at('/delete').form(deletePage))
    expect(page).toContain('<h1>Delete Cold store door?</h1>')
    expect(page).toContain('<button type="submit" class="danger solid">')
    expect(linksTo(page, 'Cancel')).toEqual(['/people'])
    expect(page).toContain('4 voicemails')
  })
})

describe('where a handler sends the browser', () => {
  test('is below the base path, with what is said there', () => {
    const { status, headers } = at('/people').go('/people', { flash: 'flash.password', cookies: ['a=b'] })
    expect([status, headers.get('location')]).toEqual([302, '/people'])
    expect(headers.getSetCookie()).toEqual(['a=b', expect.stringContaining('sipkeeper_flash=password')])
  })
})
