import { Link } from './components/button.tsx'
import { type Column, Table } from './components/table.tsx'
import type { Kit } from './kit.tsx'
import type { Page } from './page.tsx'
import { loadComponents } from './third-party.macro.ts' with { type: 'macro' }

const { components, texts: licenses } = loadComponents()

/** Where the words of the licences are, which most of them want to be handed on. */
export const LICENSES_PATH = '/third-party-components/licenses'

/** What the executable is made of, and who allows it (behaviour/panel.md §6.1). */
export const thirdPartyPage = ({ t }: Kit): Page => {
  const columns: readonly Column<(typeof components)[number]>[] = [
    {
      label: t('third_party.name'),
      place: 'main',
      cell: ({ name, version, url }) => (
        <>
          {url === null ? name : <Link to={url}>{name}</Link>} <small>{version}</small>
        </>
      ),
    },
    { label: t('third_party.license'), place: 'sub', cell: ({ license }) => license },
  ]
  return {
    title: t('third_party.title'),
    lede: t('third_party.what'),
    wide: true,
    children: (
      <>
        <p>
          <Link to={LICENSES_PATH}>{t('third_party.licenses')}</Link>
        </p>
        <Table caption={t('third_party.title')} columns={columns} rows={components} compact />
      </>
    ),
  }
}

/** Every licence text once, below the names of those that came with it. */
export const licenseTexts = (): string =>
  licenses
    .map((text, index) => {
      const names = components
        .filter((component) => component.texts.includes(index))
        .map(({ name, version }) => `${name} ${version}`)
      return `${names.join(', ')}\n\n${text}\n`
    })
    .join(`\n${'-'.repeat(78)}\n\n`)
