#!/usr/bin/env bun
import { run } from './cli/program.ts'

process.exitCode = await run(process.argv.slice(2))
// A connection that hangs must not keep a finished process; what it has printed gets a moment to leave.
setTimeout(() => process.exit(), 1000).unref()
