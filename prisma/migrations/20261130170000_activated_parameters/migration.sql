-- What is in force is told from here, whatever the process that is asked is set to; of earlier ones it is filled in when they are activated again.
-- AlterTable
ALTER TABLE "signal_activation" ADD COLUMN "parameter_set" JSON;
