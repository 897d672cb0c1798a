"""What rclpy lacks: QoS choices, steady timers, calls to the executor, throttled logging."""
