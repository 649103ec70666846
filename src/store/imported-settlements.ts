import { observedIntervals } from '../domain/funding.ts'
import type { Database, Transaction } from './database.ts'
import { listSettlements, type SettledRate, type SettlementStamp, writeSettlements } from './settlements.ts'
