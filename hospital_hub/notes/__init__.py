"""Notes in the EMR's side panel: drafted from the chart, checked sentence by sentence, signed by a clinician, filed."""
