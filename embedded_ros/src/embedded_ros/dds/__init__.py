"""ROS 2 topics on Cyclone DDS: types, quality of service, domain, endpoints, waiting."""
