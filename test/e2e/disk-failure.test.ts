import { expect, test } from 'bun:test'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { postgresUrl } from '../support/database.ts'
import { hasProgram, prepared, serve } from '../support/executable.ts'

/** In the place of the system's: as of a disk that fails, once a file says so. */
const FAILING = `
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
int fdatasync(int descriptor) {
  if (access(getenv("FAILS_WHEN"), F_OK) == 0) { errno = EIO; return -1; }
  return fsync(descriptor);
}
`

test.skipIf(postgresUrl !== null || !hasProgram('cc'))(
  'a server whose disk does not keep what was written ends, says why, and the next start goes on',
  async () => {
    const place = await prepared()
    const [source, library, flag] = ['disk.c', 'disk.so', 'fails'].map((name) => join(place.folder, name)) as [
      string,
      string,
      string,
    ]
    writeFileSync(source, FAILING)
    expect(Bun.spawnSync(['cc', '-shared', '-fPIC', '-o', library, source]).exitCode).toBe(0)
    const create = (base: string, username: string) =>
      fetch(`${base}/api/accounts`, {
        method: 'POST',
        headers: { 'x-api-key': place.admin.api_key, 'content-type': 'application/json' },
        body: JSON.stringify({ username, password: 'correct-horse', algorithm: 'SHA-256' }),
      }).then(
        ({ status }) => status,
        () => 'no answer',
      )

    const failing = await serve({ ...place, env: { ...place.env, LD_PRELOAD: library, FAILS_WHEN: flag } })
    expect(await create(failing.base, 'before.it')).toBe(200)
    writeFileSync(flag, '')
    expect(await create(failing.base, 'lost.or.not')).toBe('no answer')
    expect(await failing.child.exited).toBe(74)
    // Until all that it printed is there.
    await failing.kill()
    expect(failing.output()).toContain('the disk did not keep what was written to the database (EIO)')

    rmSync(flag)
    const running = await serve(place)
    expect(await create(running.base, 'before.it')).toBe(422)
    expect(await create(running.base, 'after.it')).toBe(200)
    await running.stop()
    await place.remove()
  },
)
