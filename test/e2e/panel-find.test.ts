import { expect } from 'bun:test'
import { eventually } from '../support/eventually.ts'
import { journey, LOOKS, type Stage } from '../support/journey.ts'

// One of thousands is found as somebody types, some are chosen one by one, and others by what was looked for.

const PEOPLE = 2000
/** Of each look, so that walks do not meet. */
const OWN = 24

/** A file is the quick way to so many. */
const people = async ({ api, running, admin }: Stage) => {
  const lines = ['Username,Display Name']
  for (let n = 0; n < PEOPLE; n += 1) lines.push(`phone${n},Person ${n}`)
  for (const { name } of LOOKS) {
    for (let n = 0; n < OWN; n += 1) lines.push(`${name}.${n},Ada Lovelace ${n}`)
  }
  const form = new FormData()
  form.set('file', new Blob([lines.join('\r\n')]), 'people.csv')
  const headers = { 'x-api-key': admin.api_key }
  const reply = await fetch(`${running.base}/api/account_imports`, { method: 'POST', headers, body: form })
  const { id } = (await reply.json()) as { id: string }
  const task = await api('POST', `/account_imports/${id}`, {})
  await eventually(async () => (await api('GET', `/tasks/${task.id}`)).status === 'done')
}

journey('accounts are found among thousands, and changed together', {
  before: people,
  walk: async (at) => {
    const { page, t, look } = at
    const names = page.locator('#accounts tbody .id')
    /** The list follows what is typed where scripts run; elsewhere the button does it. */
    const type = async (text: string) => {
      await page.waitForLoadState()
      await page.locator('[name=search]').pressSequentially(text)
      if (!look.scripts) await page.click('search button')
      await page.waitForURL((url) => url.searchParams.get('search') === text)
    }
    const choose = async (name: string, value: string) => {
      await page.selectOption(`search [name=${name}]`, value)
      if (!look.scripts) await page.click('search button')
      await page.waitForURL((url) => url.searchParams.get(name) === value)
    }
    /** The button of the bar, the question, and the task to its end. */
    const together = async (button: string, what: string) => {
      await page.click(`.bulk button:text-is("${button}")`)
      await at.sees(`${what}-question`)
      await at.send()
      await page.waitForURL(/\/admin\/tasks\/\d+$/)
      await page.waitForSelector('#task .chip.good')
    }
    await at.signIn()
    await at.open('/admin/accounts')
    await at.sees('all')
    await type(`${look.name}.`)
    await page.waitForFunction((count) => document.querySelectorAll('#accounts tbody tr').length === count, 20)
    await at.reads(t('panel.range', { from: '1', to: '20', total: String(OWN) }))

    // Sorted by name, then the other page by the keyboard.
    if (look.width === 1280) await page.click('thead a[href*="sort=name"]')
    else await at.open(`/admin/accounts?search=${look.name}.&sort=name`)
    expect(await names.first().textContent()).toBe(`${look.name}.0`)
    await page.locator('a[rel=next]').press('Enter')
    await page.waitForURL(/page=2/)
    expect(await names.count()).toBe(OWN - 20)

    await page.locator('tbody input[type=checkbox]').nth(0).check()
    await page.locator('tbody input[type=checkbox]').nth(1).check()
    await together(t('bulk.block'), 'block')
    await at.sees('task')

    await at.open(`/admin/accounts?search=${look.name}.`)
    await choose('state', 'blocked')
    await page.waitForFunction((count) => document.querySelectorAll('#accounts tbody tr').length === count, 2)
    expect(await page.textContent('#count')).toBe('2')
    await at.sees('blocked')

    await at.open(`/admin/accounts?search=${look.name}.`)
    // The bar comes with all that were found, too, though none was chosen by itself.
    expect(await page.locator('.bulk').isVisible()).toBe(false)
    await page.check('[name=everything]')
    expect(await page.locator('.bulk').isVisible()).toBe(true)
    await at.sees('all')
    await together(t('bulk.delete'), 'delete')
    await at.open(`/admin/accounts?search=${look.name}.`)
    await at.reads(t('accounts.none_found'))
    await at.sees('none')
  },
})
