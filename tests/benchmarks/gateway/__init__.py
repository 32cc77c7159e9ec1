"""The gateway side by side with others, as ../shared/bench/gateway measures it: `make bench-gateway`."""
