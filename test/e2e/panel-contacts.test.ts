import { expect } from 'bun:test'
import { journey } from '../support/journey.ts'

// Address book work, as an administrator does it: a list is made, filled by searching, and emptied.

const LISTS = '/admin/spaces/me/contacts_lists'

journey('contacts lists in the panel', {
  before: async ({ api }) => {
    for (const [index, name] of ['Ada Lovelace', 'Ada Byron', 'Grace Hopper'].entries()) {
      const account = { username: `phone${index}`, password: 'correct-horse', algorithm: 'SHA-256', activated: true }
      await api('POST', '/accounts', { ...account, display_name: name })
    }
  },
  walk: async (at) => {
    const { page, look } = at
    const title = `Sales ${look.name}`
    await at.signIn()
    await at.open(`${LISTS}/create`)
    await at.send({ title })
    await page.click('main a[href$="/contacts/add"]')
    // Who types before the scripts are there presses the button.
    await page.waitForLoadState()
    await page.fill('[name=search]', 'lovelace')
    if (!look.scripts) await page.click('search button')
    await page.waitForURL(/search=lovelace/)
    const boxes = page.locator('tbody input[type=checkbox]')
    await page.locator('text=Grace Hopper').waitFor({ state: 'detached' })
    expect(await boxes.count()).toBe(1)
    await boxes.first().check()
    await at.sees('add')
    await page.click('.bulk button')
    await at.open(LISTS)
    await at.sees('lists')
    await page.click(`main a:text-is("${title}")`)
    expect(await boxes.count()).toBe(1)
    await boxes.first().check()
    await at.sees('members')
    await page.click('.bulk button')
    await at.sees('question')
    await at.send()
    expect(await boxes.count()).toBe(0)
  },
})
